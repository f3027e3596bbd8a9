import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { counterDelta, energySpentUj, keplerPackageW, linkPowerW } from "./counters.ts";

describe("a counter", () => {
  it("gives what happened since, and after it began anew what it shows", () => {
    expect(counterDelta(4, 7)).toBe(3);
    expect(counterDelta(7, 7)).toBe(0);
    expect(counterDelta(7, 2)).toBe(2);
  });
});

describe("RAPL", () => {
  const RANGE = 262_143_328_850;

  it("is exact to the microjoule over any number of wraps, if it is looked at between them", () => {
    fc.assert(
      fc.property(fc.nat({ max: RANGE - 1 }), fc.array(fc.nat({ max: RANGE - 1 }), { maxLength: 20 }), (start, steps) => {
        let true_ = BigInt(start);
        let sum = 0n;
        for (const step of steps) {
          const before = Number(true_ % BigInt(RANGE));
          true_ += BigInt(step);
          const now = Number(true_ % BigInt(RANGE));
          sum += BigInt(
            energySpentUj(
              [{ domain: "package-0", energyUj: before, rangeUj: RANGE }],
              [{ domain: "package-0", energyUj: now, rangeUj: RANGE }],
            ),
          );
        }
        expect(sum).toBe(steps.reduce((all, step) => all + BigInt(step), 0n));
      }),
    );
  });

  it("adds the packages up, and counts nothing for one that was not there before", () => {
    const at = (domain: string, energyUj: number) => ({ domain, energyUj, rangeUj: RANGE });
    expect(
      energySpentUj([at("package-0", 10), at("package-1", 20)], [at("package-0", 15), at("package-1", 27), at("package-2", 999)]),
    ).toBe(12);
    expect(energySpentUj([], [at("package-0", 999)])).toBe(0);
  });
});

describe("a link's power", () => {
  it("is the node's by the link's share of its bytes, and unknown where nothing moved", () => {
    expect(linkPowerW(100, { linkBytes: 0, nodeBytes: 0 }, { linkBytes: 250, nodeBytes: 1_000 })).toBe(25);
    expect(linkPowerW(100, { linkBytes: 5, nodeBytes: 5 }, { linkBytes: 5, nodeBytes: 5 })).toBeUndefined();
    expect(linkPowerW(100, { linkBytes: 0, nodeBytes: 10 }, { linkBytes: 500, nodeBytes: 20 })).toBe(100);
  });
});

describe("Kepler's exposition", () => {
  const exposition = `# HELP kepler_node_cpu_watts Power consumption of cpu at node level in watts
# TYPE kepler_node_cpu_watts gauge
kepler_node_cpu_watts{node_name="n",path="/sys/class/powercap/intel-rapl:0",zone="package"} 40.5
kepler_node_cpu_watts{node_name="n",path="/sys/class/powercap/intel-rapl:1",zone="package"} 19.5
kepler_node_cpu_watts{node_name="n",path="/sys/class/powercap/intel-rapl:0:0",zone="core"} 31
kepler_node_cpu_watts{node_name="n",path="",zone="psys"} 77
kepler_node_cpu_active_watts{zone="package"} 12
`;
  it("gives the packages' sum, and none of the zones that overlap with them", () => {
    expect(keplerPackageW(exposition)).toBe(60);
  });

  it("gives nothing where there is no package, or no number", () => {
    expect(keplerPackageW('kepler_node_cpu_watts{zone="psys"} 77')).toBeUndefined();
    expect(keplerPackageW('kepler_node_cpu_watts{zone="package"} NaN')).toBeUndefined();
    expect(keplerPackageW("")).toBeUndefined();
  });
});
