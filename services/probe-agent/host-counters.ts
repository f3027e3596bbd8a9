import { readFile, readdir } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import type { EnergyReading, TrafficReading } from "../../domain/probe/counters.ts";
import { ok, type Outcome, refuse } from "../../domain/outcome.ts";

/** What Linux counts of its interfaces and its energy, under /sys. */
export interface HostCounters {
  /** How often the link of the node's interface went down since the kernel knows it. */
  carrierDowns(): Promise<Outcome<number>>;
  traffic(): Promise<Outcome<TrafficReading>>;
  /** The packages' RAPL domains; their parts (core, uncore, dram) overlap with them and are left out. */
  rapl(): Promise<Outcome<readonly EnergyReading[]>>;
}

interface OfInterfaces {
  readonly name: string;
  readonly isInternal: boolean;
}

/** Which interface has an address. */
function interfaceOf(address: string): OfInterfaces | undefined {
  if (address.startsWith("127.")) return { name: "lo", isInternal: true }; // all of the net, though only one address is listed
  for (const [name, addresses = []] of Object.entries(networkInterfaces())) {
    const own = addresses.find((a) => a.address === address);
    if (own !== undefined) return { name, isInternal: own.internal };
  }
  return undefined;
}

const whole = async (file: string): Promise<number> => {
  const value = Number((await readFile(file, "utf8")).trim());
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${file} is no counter`);
  return value;
};

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : "");

export function hostCounters(address: string, sys = "/sys", findInterface = interfaceOf): HostCounters {
  const nets = join(sys, "class/net");
  const powercap = join(sys, "class/powercap");
  const bytesOf = async (name: string): Promise<number> => {
    const counters = await Promise.all(["rx_bytes", "tx_bytes"].map((file) => whole(join(nets, name, "statistics", file))));
    return counters.reduce((sum, value) => sum + value, 0);
  };
  const link = (): Outcome<string> => {
    const found = findInterface(address);
    if (found === undefined) return refuse("PROBE_INTERFACE_UNKNOWN", `no interface of this host has the address ${address}`);
    return found.isInternal
      ? refuse("PROBE_INTERFACE_UNKNOWN", `${found.name} is a loopback, which has no carrier to lose`)
      : ok(found.name);
  };
  return {
    async carrierDowns() {
      const name = link();
      if (!name.ok) return name;
      return whole(join(nets, name.value, "carrier_down_count")).then(ok, (error: unknown) =>
        refuse("PROBE_COUNTER_UNREADABLE", reasonOf(error)),
      );
    },
    async traffic() {
      const name = link();
      if (!name.ok) return name;
      try {
        const names = (await readdir(nets)).filter((n) => n !== "lo");
        const all = await Promise.all(names.map((n) => bytesOf(n).catch(() => 0)));
        return ok({ linkBytes: await bytesOf(name.value), nodeBytes: all.reduce((sum, value) => sum + value, 0) });
      } catch (error) {
        return refuse("PROBE_COUNTER_UNREADABLE", reasonOf(error));
      }
    },
    async rapl() {
      const zones = (await readdir(powercap).catch(() => [])).filter((name) => /^intel-rapl:\d+$/.test(name));
      try {
        const readings = await Promise.all(
          zones.map(async (zone) => {
            const dir = join(powercap, zone);
            const domain = (await readFile(join(dir, "name"), "utf8")).trim();
            const [energyUj, rangeUj] = await Promise.all([whole(join(dir, "energy_uj")), whole(join(dir, "max_energy_range_uj"))]);
            return { domain, energyUj, rangeUj };
          }),
        );
        const packages = readings.filter(({ domain }) => domain.startsWith("package"));
        if (packages.length > 0) return ok(packages);
      } catch (error) {
        return refuse("PROBE_COUNTER_UNREADABLE", reasonOf(error));
      }
      return refuse(
        "PROBE_ENERGY_UNMEASURED",
        "this host shows no energy counter: no RAPL, as in most virtual machines, and no Kepler is named",
      );
    },
  };
}
