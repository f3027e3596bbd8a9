import { request } from "undici";
import { energySpentUj, type EnergyReading, keplerPackageW, linkPowerW, type TrafficReading } from "../../domain/probe/counters.ts";
import { ok, type Outcome, refuse } from "../../domain/outcome.ts";
import type { HostCounters } from "./host-counters.ts";

export interface LinkPower {
  readonly watts: number;
  readonly n: number;
  readonly method: string;
}

/** The power that goes into a node's links, since it was last asked about each. */
export interface EnergyMeter {
  linkPower(link: string): Promise<Outcome<LinkPower>>;
  close(): void;
}

/** More often than any package wraps its counter: 1 kW takes four minutes for the usual 262 kJ. */
const SAMPLE_EVERY_MS = 60_000;
const KEPLER_TIMEOUT_MS = 2_000;
const KEPLER_LIMIT = 4 * 1024 * 1024;

interface Mark {
  readonly joules: number;
  readonly atMs: number;
  readonly traffic: TrafficReading;
}

/** From Kepler where it is named, else from RAPL, else from nothing: a refusal with the reason, and never a figure. */
export async function openEnergyMeter(
  counters: HostCounters,
  { kepler, nowMs = () => performance.now() }: { readonly kepler?: URL; readonly nowMs?: () => number } = {},
): Promise<EnergyMeter> {
  let readings: readonly EnergyReading[] = [];
  let joules = 0;
  let samples = 0;
  const sample = async (): Promise<Outcome<number>> => {
    const now = await counters.rapl();
    if (!now.ok) return now;
    joules += energySpentUj(readings, now.value) / 1e6;
    readings = now.value;
    samples += 1;
    return ok(joules);
  };
  await sample();
  const atStart = await counters.traffic();
  const start: Mark | undefined = atStart.ok ? { joules: 0, atMs: nowMs(), traffic: atStart.value } : undefined;
  const marks = new Map<string, Mark>();
  const sampling = setInterval(() => void sample(), SAMPLE_EVERY_MS);
  sampling.unref();

  return {
    close: () => clearInterval(sampling),
    async linkPower(link) {
      const spent = kepler === undefined ? await sample() : ok(joules);
      if (!spent.ok) return spent;
      const traffic = await counters.traffic();
      if (!traffic.ok) return traffic;
      const now: Mark = { joules: spent.value, atMs: nowMs(), traffic: traffic.value };
      const before = marks.get(link) ?? start;
      marks.set(link, now);
      if (before === undefined || now.atMs <= before.atMs)
        return refuse("PROBE_ENERGY_UNMEASURED", "the first look, with nothing to compare to");
      const node = kepler === undefined ? ok((1e3 * (now.joules - before.joules)) / (now.atMs - before.atMs)) : await keplerPower(kepler);
      if (!node.ok) return node;
      const watts = linkPowerW(node.value, before.traffic, now.traffic);
      if (watts === undefined) return refuse("PROBE_ENERGY_UNMEASURED", "the node's interfaces moved no byte to share its energy out by");
      return ok({ watts, n: kepler === undefined ? samples : 1, method: `${kepler === undefined ? "rapl" : "kepler"}-by-bytes` });
    },
  };
}

async function keplerPower(url: URL): Promise<Outcome<number>> {
  try {
    const { statusCode, body } = await request(url, { signal: AbortSignal.timeout(KEPLER_TIMEOUT_MS) });
    let text = "";
    for await (const chunk of body) {
      text += String(chunk);
      if (text.length > KEPLER_LIMIT) return refuse("PROBE_ENERGY_UNMEASURED", "Kepler's answer has no end");
    }
    const watts = statusCode === 200 ? keplerPackageW(text) : undefined;
    return watts === undefined ? refuse("PROBE_ENERGY_UNMEASURED", "Kepler shows no kepler_node_cpu_watts of zone package") : ok(watts);
  } catch (error) {
    return refuse("PROBE_ENERGY_UNMEASURED", `no answer from Kepler: ${error instanceof Error ? error.message : ""}`);
  }
}
