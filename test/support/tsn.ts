import { readFileSync } from "node:fs";
import { readNetwork, type TsnInput } from "../../domain/tsn/formats/network.ts";
import type { Schedule } from "../../domain/tsn/schedule.ts";

export const networkText = (): string => readFileSync(new URL("tsn-network.json", import.meta.url), "utf8");

/** A small network with everything that a rendering shows: a bridge, a 5GS bridge, preemption, two classes, a stream of two trees. */
export function small(): { readonly input: TsnInput; readonly schedule: Schedule } {
  const read = readNetwork(networkText());
  if (!read.ok) throw new Error(JSON.stringify(read.faults));
  return { input: read.value, schedule: handmade };
}

const entry = (
  gateStates: number,
  intervalNs: number,
  operation: "set-gate-states" | "set-and-hold-mac" | "set-and-release-mac" = "set-gate-states",
) => ({
  operation,
  gateStates,
  intervalNs,
});

/** Written by hand: what the golden files show does not change when the scheduler gets better. */
const handmade: Schedule = {
  streams: [
    {
      id: "cmd",
      members: [
        {
          tree: 0,
          hops: [
            { link: "plc>sw", startNs: 100_000, queue: 7 },
            { link: "sw>5gs", startNs: 120_000, queue: 7 },
            { link: "5gs>arm", startNs: 9_000_000, queue: 7 },
          ],
        },
      ],
      latencyNs: 9_020_000,
      jitterNs: 400,
    },
    {
      id: "log",
      members: [
        {
          tree: 0,
          hops: [
            { link: "plc>sw", startNs: 1_960_000, queue: 6 },
            { link: "sw>db", startNs: 1_992_000, queue: 6 },
          ],
        },
        {
          tree: 1,
          hops: [
            { link: "plc>sw2", startNs: 1_960_000, queue: 6 },
            { link: "sw2>db", startNs: 1_992_000, queue: 6 },
          ],
        },
      ],
      latencyNs: 2_060_000,
      jitterNs: 0,
    },
  ],
  ports: [
    {
      link: "sw>5gs",
      cycleNs: 10_000_000,
      entries: [entry(63, 100_000), entry(0, 18_000), entry(128, 20_000), entry(63, 9_862_000)],
      bestEffortShare: 0.9962,
    },
    {
      link: "sw>db",
      cycleNs: 2_000_000,
      entries: [
        entry(64, 41_000, "set-and-hold-mac"),
        entry(63, 1_940_000, "set-and-release-mac"),
        entry(0, 9_000, "set-and-hold-mac"),
        entry(64, 10_000, "set-and-hold-mac"),
      ],
      bestEffortShare: 0.97,
    },
    {
      link: "sw2>db",
      cycleNs: 2_000_000,
      entries: [entry(64, 41_000), entry(63, 1_940_000), entry(0, 9_000), entry(64, 10_000)],
      bestEffortShare: 0.97,
    },
    {
      link: "5gs>arm",
      cycleNs: 10_000_000,
      entries: [entry(63, 8_980_000), entry(0, 18_000), entry(128, 22_000), entry(63, 980_000)],
      bestEffortShare: 0.996,
    },
  ],
};
