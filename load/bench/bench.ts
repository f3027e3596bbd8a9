import { runK6 } from "../k6-shim/run.ts";
import { type ArrangementName, arrangements, endOf } from "./arrangement.ts";
import { type Burst, burst, canBurst } from "./burst.ts";
import { calibrate } from "./calibration.ts";
import { meanMessageSize } from "./events.ts";
import { burstFigures, type Figure, latencyFigures, latenciesOf, type Report, runsOf, throughputFigure } from "./figures.ts";
import { type Loader, openLoader } from "./loader.ts";
import { type ProfileSummary, summarise } from "./profile.ts";
import { rounds } from "./rounds.ts";
import { openTrack, type Track } from "./run.ts";
import { isTrue, selfTest } from "./self-test.ts";
import { type Bench, startBench } from "./surroundings.ts";

export const parts = ["throughput", "controller", "system", "latency", "burst", "profile"] as const;
export type Part = (typeof parts)[number];

export interface BenchOptions {
  readonly parts: ReadonlySet<Part>;
  readonly pairs: number;
  readonly warmMs: number;
  readonly runMs: number;
  readonly logLevel: string;
  readonly say: (line: string) => void;
}

interface Stand {
  readonly bench: Bench;
  readonly loader: Loader;
  readonly track: Track;
  readonly messageSize: number;
}

const WINDOW = 300;
const RATE = 50;
const NETWORKS = 50;
const DELAY_MS = 70;
const BURST = { networks: NETWORKS, delayMs: DELAY_MS, processes: 3, warmUps: 5, repeats: 8 };

/** Own servers, one loader, and a process for each arrangement; all of it ends with `use`. */
async function onStand<T>(logLevel: string, use: (stand: Stand) => Promise<T>): Promise<T> {
  const bench = await startBench({ logLevel });
  try {
    const { promise: broken, reject } = Promise.withResolvers<never>();
    const loader = await openLoader(bench.surroundings.amqpUrl, reject);
    const messageSize = await meanMessageSize();
    const track = openTrack(bench, loader, messageSize);
    try {
      return await Promise.race([use({ bench, loader, track, messageSize }), broken]);
    } finally {
      await track.end();
      await loader.close();
    }
  } finally {
    await bench.stop();
  }
}

const GOALS = {
  hops: { is: "at least", goal: 0.6, stretch: 0.8 },
  fused: { is: "at least", goal: 1.3, stretch: 2 },
  latency: { is: "at most", goal: 1.5 },
} as const;

export function runBench(options: BenchOptions): Promise<Report> {
  const { pairs, warmMs, runMs, say } = options;
  const has = (part: Part): boolean => options.parts.has(part);
  return onStand(options.logLevel, async ({ bench, loader, track, messageSize }) => {
    const before = calibrate();
    const selfTests = await selfTest();
    if (!selfTests.every(isTrue)) say("the generator's self test failed: no latency below is to be believed");
    const figures: Figure[] = [];
    const runs: Report["runs"][number][] = [];
    const latencies: Report["latencies"][number][] = [];
    const bursts: (Burst & { name: ArrangementName })[] = [];
    const notes: string[] = [];

    const saturated = (names: readonly ArrangementName[]) =>
      rounds(
        names,
        pairs,
        (name) => track.saturate(name, { warmMs, runMs, window: WINDOW }),
        (name, round, { perSecond, others }) =>
          say(`round ${String(round + 1)} of ${String(pairs)}: ${name} ${perSecond.toFixed(0)}/s (others ${others.toFixed(2)} cores)`),
      );
    const compare = async (
      names: readonly ArrangementName[],
      wanted: readonly (readonly [string, ArrangementName, ArrangementName, keyof typeof GOALS | undefined])[],
    ) => {
      const results = await saturated(names);
      for (const [label, a, b, goal] of wanted)
        figures.push(throughputFigure(label, results.get(a) ?? [], results.get(b) ?? [], goal === undefined ? undefined : GOALS[goal]));
      runs.push(...runsOf(results).filter(({ name }) => runs.every((known) => known.name !== name)));
    };

    if (has("throughput"))
      await compare(
        ["relay", "hops", "fused"],
        [
          ["five hops with real work ÷ bare five-hop relay", "hops", "relay", "hops"],
          ["fused ÷ a hop per function", "fused", "hops", "fused"],
        ],
      );
    if (has("controller"))
      await compare(
        ["relay", "hops without controller", "fused without controller", "relay with headers"],
        [
          ["without the controller's HTTP: five hops ÷ relay", "hops without controller", "relay", undefined],
          ["without the controller's HTTP: fused ÷ a hop per function", "fused without controller", "hops without controller", undefined],
          [
            "without the controller's HTTP: five hops ÷ relay that carries the events' headers",
            "hops without controller",
            "relay with headers",
            undefined,
          ],
        ],
      );
    if (has("system"))
      await compare(["relay", "system"], [["everything, from POST /v1/intents to the report ÷ relay", "system", "relay", undefined]]);
    if (has("latency")) {
      const results = await rounds(
        ["relay", "hops", "fused"],
        pairs,
        (name) => track.pace(name, { warmMs: 2_000, runMs: 2 * runMs, rate: RATE }),
        (name, round, { latency }) =>
          say(
            `round ${String(round + 1)} of ${String(pairs)}: ${name} p50 ${latency.p50Ms.toFixed(1)} ms, p99 ${latency.p99Ms.toFixed(1)} ms at ${String(RATE)}/s`,
          ),
      );
      latencies.push(...latenciesOf(results));
      figures.push(
        ...latencyFigures(
          `five hops ÷ relay at ${String(RATE)}/s, open loop`,
          results.get("hops") ?? [],
          results.get("relay") ?? [],
          GOALS.latency,
        ),
      );
    }
    if (has("burst") && canBurst()) {
      for (const name of ["l2sm hops", "l2sm fused"] as const) {
        const measured = await burst(bench, loader, name, BURST);
        say(`burst of ${String(NETWORKS)}: ${name}: first ${measured.cold.map(({ ms }) => ms.toFixed(0)).join(", ")} ms`);
        bursts.push({ ...measured, name });
        figures.push(...burstFigures(`burst of ${String(NETWORKS)} L2 networks, ${name}`, measured));
      }
    } else if (has("burst")) notes.push("burst: not measured, since no function exec-l2sm is hosted");

    const missed = figures.some(({ verdict }) => verdict === "missed" || verdict === "undecided");
    const profiles: Record<string, ProfileSummary> = {};
    if (has("profile") && missed)
      for (const name of ["hops", "fused"] as const)
        profiles[name] = summarise(await track.profile(name, { warmMs: 2 * warmMs, runMs, window: WINDOW }));

    return {
      date: new Date().toISOString(),
      form: `${String(pairs)} rounds of ${String(runMs / 1000)} s after ${String(warmMs / 1000)} s, ${String(WINDOW)} in flight, log level ${options.logLevel}`,
      calibrations: [before, calibrate()],
      broker: `RabbitMQ ${bench.broker.version}, quorum queues with a delivery limit and at-least-once dead letters, every event in the log stream, no statistics; messages of ${String(messageSize)} bytes`,
      store: `Redis ${bench.store.version}, appendonly yes, appendfsync everysec`,
      selfTests,
      figures,
      runs,
      latencies,
      bursts,
      notes,
      profiles,
    };
  });
}

/** A scenario of load/k6 against a system that is started for it; answers k6's exit code. */
export function runScenario(
  file: string,
  name: ArrangementName,
  env: Readonly<Record<string, string>>,
  say: (line: string) => void,
): Promise<number> {
  return onStand("warn", ({ track }) => track.within(name, (address) => runK6(file, { TARGET: address, ...env }, say)));
}

const SMOKE: readonly ArrangementName[] = ["relay", "hops", "fused", "hops without controller", "fused without controller", "system"];

/** For CI: a few hundred through each arrangement, none lost and none twice. No threshold, since seconds on a shared machine show none. */
export function runSmoke(count: number, say: (line: string) => void): Promise<void> {
  return onStand("warn", async ({ bench, loader, track }) => {
    for (const test of await selfTest(500))
      say(`self test at ${String(test.rate)}/s: a sink of ${String(test.delayMs)} ms is seen as ${test.seen.p50Ms.toFixed(1)} ms`);
    for (const name of SMOKE) {
      const { sent, received, duplicates } = await track.count(name, count, 50);
      say(`${name}: ${String(sent)} sent, ${String(received)} received (${endOf(arrangements[name])}), ${String(duplicates)} twice`);
    }
    if (!canBurst()) return;
    const { cold } = await burst(bench, loader, "l2sm hops", { networks: 10, delayMs: DELAY_MS, processes: 1, warmUps: 0, repeats: 0 });
    say(`l2sm hops: a burst of 10 came out after ${cold.map(({ ms }) => ms.toFixed(0)).join()} ms`);
  });
}

export function runProfile(
  names: readonly ArrangementName[],
  options: Pick<BenchOptions, "warmMs" | "runMs" | "logLevel">,
): Promise<Readonly<Record<string, ProfileSummary>>> {
  return onStand(options.logLevel, async ({ track }) => {
    const profiles: Record<string, ProfileSummary> = {};
    for (const name of names) profiles[name] = summarise(await track.profile(name, { ...options, window: WINDOW }));
    return profiles;
  });
}
