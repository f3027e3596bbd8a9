import { parseArgs } from "node:util";
import { roundCost } from "../domain/probe/schedule.ts";
import { jitterOf, summaryOf } from "../domain/probe/statistics.ts";
import { pairsOf, STRATEGIES } from "../domain/probe/strategy.ts";
import { valueOf } from "../domain/probe/report.ts";
import { SESSION } from "../services/probe-agent/sender.ts";
import { layCable, whyNoNamespaces } from "../test/support/netns.ts";
import { delayedCable, iperf, shape, unshape } from "./probe/grounds.ts";
import { simulate } from "./probe/simulation.ts";

const USAGE = `node load/probe.ts [PART…]   schedule, delay, jitter, rate, cost; all of them without a name. All but the first need root, python3, nft and iperf3
  --rounds N (3)   --fifo: agents and iperf3 run under SCHED_FIFO (chrt), as the emulator does, where other work would make them late`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    fifo: { type: "boolean", default: false },
    rounds: { type: "string", default: "3" },
    help: { type: "boolean", short: "h", default: false },
  },
});
const rounds = Number(values.rounds);
const under = values.fifo ? ["chrt", "-f", "5"] : [];
const isMeasured = (sequence: number): boolean => sequence >= SESSION.warmUp && sequence < SESSION.packets;
const PERIOD_MS = 3_600_000;

const table = (title: string, rows: readonly Readonly<Record<string, string | number>>[]): void => {
  console.log(`\n${title}`);
  console.table(rows);
};
const round = (value: number | undefined, digits = 3): number => Number((value ?? NaN).toFixed(digits));

/** A probe's round trips beside what the emulator did to the same packets. */
async function delay(): Promise<void> {
  const rows = [];
  for (const oneWayMs of [1, 5, 25]) {
    for (let i = 0; i < rounds; i += 1) {
      const cable = delayedCable(oneWayMs);
      const laid = await layCable({ ...cable, under });
      try {
        const { link } = await laid.measure(0);
        const truth = summaryOf((await cable.truth(isMeasured)).roundTrips);
        const [min, p50] = [valueOf(link, "delay-rt", "min", "round-trip"), valueOf(link, "delay-rt", "p50", "round-trip")];
        const offBy = (p50 ?? NaN) - (truth?.p50 ?? NaN);
        rows.push({
          "set, ms": 2 * oneWayMs,
          "true min": round(truth?.min),
          "probe min": round(min),
          "true p50": round(truth?.p50),
          "probe p50": round(p50),
          "off by (p50)": round(offBy),
          "within 0.5 ms": Math.abs(offBy) <= 0.5 ? "yes" : "NO",
          floor: round(link.measurements[0]?.floor ?? undefined),
        });
      } finally {
        await laid.close();
      }
    }
  }
  table("Round trip against the emulator's own record of the same packets", rows);
}

/** A probe's jitter beside RFC 3550's formula over what the emulator did. */
async function jitter(): Promise<void> {
  const rows = [];
  for (const spreadMs of [0.5, 2, 10]) {
    for (let i = 0; i < rounds; i += 1) {
      const cable = delayedCable(20, spreadMs);
      const laid = await layCable({ ...cable, under });
      try {
        const { link, counts } = await laid.measure(0);
        const truth = jitterOf((await cable.truth(isMeasured)).there);
        const found = valueOf(link, "delay-variation", "cur", "forward");
        const ratio = (found ?? NaN) / (truth ?? NaN);
        rows.push({
          "delay, ms": `20 ± ${String(spreadMs)}`,
          true: round(truth),
          probe: round(found),
          "probe/true": round(ratio),
          "within 20 %": Math.abs(ratio - 1) <= 0.2 ? "yes" : "NO",
          floor: round(link.measurements.find((m) => m.metric === "delay-variation")?.floor ?? undefined),
          overtaken: counts.reordered.forward,
        });
      } finally {
        await laid.close();
      }
    }
  }
  table("Jitter on the way there against RFC 3550's formula over the emulator's record", rows);
}

/** TCP's share of what TBF counts: 1,448 octets of payload in an Ethernet frame of 1,514, with timestamps. */
const PAYLOAD_SHARE = 1_448 / 1_514;

/** A probe's throughput beside iperf3's on the same shaped cable, and beside what the shaper lets through. */
async function rate(): Promise<void> {
  const rows = [];
  const laid = await layCable({ under });
  const [a] = laid.ends;
  try {
    for (const mbit of [50, 200, 500]) {
      await shape(a, mbit);
      for (let i = 0; i < rounds; i += 1) {
        const other = await iperf(laid.ends, { seconds: 3, omitSeconds: 1, under });
        const { link, cost } = await laid.measure(0, { throughput: true });
        const found = valueOf(link, "tput", "p50", "forward") ?? NaN;
        const ratio = found / other.mbitPerS;
        const truth = mbit * PAYLOAD_SHARE;
        rows.push({
          "shaped to, Mbit/s": mbit,
          "of that TCP payload": round(truth, 1),
          iperf3: round(other.mbitPerS, 1),
          "probe, median": round(found, 1),
          "probe, mean": round(valueOf(link, "tput", "mean", "forward"), 1),
          "probe/iperf3": round(ratio),
          "within 3 %": Math.abs(ratio - 1) <= 0.03 ? "yes" : "NO",
          "probe/payload": round(found / truth),
          "iperf3/payload": round(other.mbitPerS / truth),
          "iperf3, MB": round(other.bytes / 1e6, 1),
          "probe, MB": round(cost.throughputBytes / 1e6, 1),
        });
      }
      await unshape(a);
    }
  } finally {
    await laid.close();
  }
  table("Throughput against iperf3 -t 3 -O 1", rows);
}

/** What a pair costs, beside a flood of two seconds as the seed's probe sends it. */
async function cost(): Promise<void> {
  const laid = await layCable({ under });
  const rows = [];
  try {
    const flood = await iperf(laid.ends, { seconds: 2, omitSeconds: 0, under });
    for (const throughput of [false, true]) {
      await laid.measure(0, { throughput });
      const before = (await laid.cpuMs(0)) + (await laid.cpuMs(1));
      let bytes = 0;
      let ms = 0;
      for (let i = 0; i < 2 * rounds; i += 1) {
        const report = await laid.measure(0, { throughput });
        bytes += report.cost.stampBytes + report.cost.throughputBytes;
        ms += report.cost.tookMs;
      }
      const cpuMs = (await laid.cpuMs(0)) + (await laid.cpuMs(1)) - before;
      rows.push({
        what: throughput ? "STAMP and capped TCP" : "STAMP: delay, jitter, loss",
        bytes: Math.round(bytes / (2 * rounds)),
        "CPU ms, both ends": round(cpuMs / (2 * rounds), 0),
        seconds: round(ms / (2 * rounds) / 1e3, 1),
      });
    }
    rows.push({ what: "2 s flood on this cable (iperf3)", bytes: flood.bytes, "CPU ms, both ends": round(flood.cpuMs, 0), seconds: 2 });
    rows.push({
      what: "2 s flood in D2.3, Figure 42 (12 809.54 Mbit/s)",
      bytes: Math.round((12_809.54e6 / 8) * 2.0016),
      "CPU ms, both ends": "not told",
      seconds: 7.04,
    });
  } finally {
    await laid.close();
  }
  table("Cost of one measured pair, uncapped cable", rows);
}

function schedule(): void {
  const rows = [];
  for (const strategy of STRATEGIES) {
    for (const nodes of [3, 10, 30, 100, 300, 1_000]) {
      const names = Array.from({ length: nodes }, (_, i) => ({ cluster: "c", node: `n${String(i)}` }));
      const of = roundCost(pairsOf(names, { strategy, fanOut: 4, round: 1 }), PERIOD_MS, { bytes: 14_400 + 128 * 1024 ** 2, ms: 4_000 });
      const fits = of.leastPeriodMs <= PERIOD_MS;
      const run = fits ? simulate({ nodes, strategy, periodMs: PERIOD_MS, periods: 2 }) : undefined;
      rows.push({
        strategy,
        nodes,
        "pairs/period": of.pairs,
        "GB/period at most": round(of.bytes / 1e9, 1),
        "busiest node, %": round(100 * of.busiestShare, 1),
        "least period, s": of.leastPeriodMs / 1_000,
        "simulated: measured": run?.measured ?? "does not fit",
        "longest wait, s": run === undefined ? "" : run.longestWaitMs / 1_000,
        "left over": run?.leftOver ?? "",
      });
    }
  }
  table(`How the cost grows: fan-out 4, a period of ${String(PERIOD_MS / 1_000)} s, two periods simulated`, rows);
}

const parts: Readonly<Record<string, () => Promise<void> | void>> = { schedule, delay, jitter, rate, cost };
const wanted = positionals.length === 0 ? Object.keys(parts) : positionals;
if (values.help || !(rounds >= 1) || wanted.some((name) => !(name in parts))) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}
const whyNot = await whyNoNamespaces(["ip", "tc", "nft", "iperf3", "python3", ...under.slice(0, 1)]);
for (const name of wanted) {
  if (name !== "schedule" && whyNot !== undefined) console.log(`\nSKIPPED ${name}: ${whyNot}`);
  else await parts[name]?.();
}
