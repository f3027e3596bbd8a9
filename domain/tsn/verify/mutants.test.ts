import { describe, expect, it } from "vitest";
import { Problem } from "../model.ts";
import { plan } from "../operations.ts";
import type { Fault, GateEntry, HopSchedule, PortSchedule, Schedule, StreamSchedule } from "../schedule.ts";
import { verify } from "./verify.ts";

/*
 * A ring of four bridges, one of them a 5G system whose delay varies, clocks that are off, and a redundant stream. Every fault that a schedule
 * may have is put into its schedule once, and has to be found.
 */

const ring = ["b0", "b1", "b2", "b3"];
const cables = [...ring.map((b, i) => [b, ring[(i + 1) % 4]] as const), ...ring.map((b, i) => [b, `e${String(i)}`] as const)];

const problem: Problem = Problem.parse({
  nodes: [
    ...ring.map((id) => ({
      id,
      kind: id === "b1" ? "5gs" : "bridge",
      processing: { minNs: 1000, maxNs: id === "b1" ? 60_000 : 1000 },
      syncErrorNs: 100,
    })),
    ...ring.map((_, i) => ({ id: `e${String(i)}`, kind: "end-station" })),
  ],
  links: cables.flatMap(([a, b]) => [
    { id: `${a}-${String(b)}`, from: a, to: b, rateMbps: 1000, propagationNs: 100, gates: { tickNs: 4 } },
    { id: `${String(b)}-${a}`, from: b, to: a, rateMbps: 1000, propagationNs: 100, gates: { tickNs: 4 } },
  ]),
  streams: [
    { id: "twice", talker: "e0", listeners: ["e2"], intervalNs: 1_000_000, frameBytes: 400, maxLatencyNs: 500_000, trees: 2 },
    { id: "wireless", talker: "e0", listeners: ["e1"], intervalNs: 1_000_000, frameBytes: 300, maxLatencyNs: 300_000 },
    { id: "wired", talker: "e3", listeners: ["e0"], intervalNs: 500_000, frameBytes: 200, maxLatencyNs: 200_000 },
    { id: "other", talker: "e3", listeners: ["e0"], intervalNs: 500_000, frameBytes: 600, maxLatencyNs: 250_000 },
  ],
});

function scheduled(): Schedule {
  const planned = plan(problem);
  if (!planned.ok || planned.value.verdict !== "scheduled") throw new Error("the problem of this test has a schedule");
  return planned.value.schedule;
}

const schedule = scheduled();

const onStream = (id: string, change: (stream: StreamSchedule) => StreamSchedule): Schedule => ({
  ...schedule,
  streams: schedule.streams.map((s) => (s.id === id ? change(s) : s)),
});

const onHops = (id: string, change: (hops: readonly HopSchedule[]) => HopSchedule[], tree = 0): Schedule =>
  onStream(id, (s) => ({ ...s, members: s.members.map((m) => (m.tree === tree ? { ...m, hops: change(m.hops) } : m)) }));

const onPort = (link: string, change: (port: PortSchedule) => PortSchedule): Schedule => ({
  ...schedule,
  ports: schedule.ports.map((p) => (p.link === link ? change(p) : p)),
});

const onEntries = (link: string, change: (entries: readonly GateEntry[]) => GateEntry[]): Schedule =>
  onPort(link, (p) => ({ ...p, entries: change(p.entries) }));

const startOn = (id: string, link: string): number =>
  schedule.streams
    .find((s) => s.id === id)
    ?.members.flatMap((m) => m.hops)
    .find((h) => h.link === link)?.startNs ?? Number.NaN;

const isWindow = ({ gateStates }: GateEntry): boolean => (gateStates & 0x80) !== 0;
const first = <T>(items: readonly T[], is: (item: T) => boolean): number => items.findIndex(is);

/** Moves time from one entry to its successor, or back. */
const move = (entries: readonly GateEntry[], at: number, ns: number): GateEntry[] =>
  entries.map((e, i) => (i === at ? { ...e, intervalNs: e.intervalNs - ns } : i === at + 1 ? { ...e, intervalNs: e.intervalNs + ns } : e));

const tightened = (id: string, change: Partial<Problem["streams"][number]>): Problem => ({
  ...problem,
  streams: problem.streams.map((s) => (s.id === id ? { ...s, ...change } : s)),
});

type Mutant = readonly [name: string, kind: Fault["kind"], schedule: Schedule, problem?: Problem];

const mutants: readonly Mutant[] = [
  [
    "a frame that leaves before it has come",
    "frame-before-arrival",
    onHops("wired", (h) => h.map((x, i) => (i > 0 ? { ...x, startNs: x.startNs - 2000 } : x))),
  ],
  ["a frame moved out of its window", "gate-closed", onHops("wired", (h) => h.map((x) => ({ ...x, startNs: x.startNs + 100_000 })))],
  [
    "two frames on one wire",
    "frame-overlap",
    onHops("wired", (h) => h.map((x) => (x.link === "e3-b3" ? { ...x, startNs: startOn("other", "e3-b3") + 500 } : x))),
  ],
  [
    "two frames closer than their clocks allow",
    "frame-overlap",
    onHops("wired", (h) => h.map((x) => (x.link === "e3-b3" ? { ...x, startNs: startOn("other", "e3-b3") + 642 * 8 + 1 } : x))),
  ],
  [
    "starts of two streams swapped",
    "frame-before-arrival",
    onHops("wired", (h) => [
      { ...(h[0] as HopSchedule), startNs: (h[1] as HopSchedule).startNs },
      { ...(h[1] as HopSchedule), startNs: (h[0] as HopSchedule).startNs },
      ...h.slice(2),
    ]),
  ],
  ["a window dropped", "gate-closed", onEntries("b3-b0", (e) => e.map((x) => (isWindow(x) ? { ...x, gateStates: 0 } : x)))],
  [
    "a window shortened at its end",
    "gate-closed",
    onEntries("b3-b0", (e) =>
      move(
        e,
        first(e, (x) => isWindow(x)),
        400,
      ),
    ),
  ],
  ["a frame in another queue", "gate-closed", onHops("wired", (h) => h.map((x) => ({ ...x, queue: 5 })))],
  ["a queue that best effort uses", "queue-not-scheduled", onHops("wired", (h) => h.map((x) => ({ ...x, queue: 2 })))],
  ["a deadline cut", "deadline-missed", schedule, tightened("wired", { maxLatencyNs: 1000 })],
  ["a jitter bound below what clocks allow", "jitter-exceeded", schedule, tightened("wired", { maxJitterNs: 150 })],
  [
    "no guard band",
    "guard-band-missing",
    onEntries("b3-b0", (e) =>
      move(
        e,
        first(e, (x) => !isWindow(x)),
        -9000,
      ),
    ),
  ],
  [
    "a release beyond the interval",
    "release-outside-window",
    onHops("wired", (h) => h.map((x) => ({ ...x, startNs: x.startNs + 500_000 }))),
  ],
  ["a release before the talker is ready", "release-outside-window", schedule, tightened("wired", { earliestOffsetNs: 400_000 })],
  ["times in another unit", "cycle-mismatch", onPort("b3-b0", (p) => ({ ...p, cycleNs: p.cycleNs * 10 }))],
  [
    "a cycle that the interval does not divide",
    "cycle-mismatch",
    onPort("b3-b0", (p) => ({ ...p, cycleNs: 400_000, entries: [{ operation: "set-gate-states", gateStates: 128, intervalNs: 400_000 }] })),
  ],
  [
    "entries that do not add up",
    "cycle-mismatch",
    onEntries("b3-b0", (e) => e.map((x, i) => (i === 0 ? { ...x, intervalNs: x.intervalNs - 4 } : x))),
  ],
  ["an interval off the tick", "gate-limit-exceeded", onEntries("b3-b0", (e) => move(e, 0, 1))],
  [
    "a list longer than the port holds",
    "gate-limit-exceeded",
    schedule,
    { ...problem, links: problem.links.map((l) => ({ ...l, gates: { ...l.gates, maxEntries: 2 } })) },
  ],
  [
    "an entry longer than the port can do",
    "gate-limit-exceeded",
    schedule,
    { ...problem, links: problem.links.map((l) => ({ ...l, gates: { ...l.gates, maxIntervalNs: 1000 } })) },
  ],
  [
    "a cycle longer than the port can do",
    "gate-limit-exceeded",
    schedule,
    { ...problem, links: problem.links.map((l) => ({ ...l, gates: { ...l.gates, maxCycleNs: 1000 } })) },
  ],
  ["a hop left out", "route-broken", onHops("wired", (h) => h.filter((_, i) => i !== 1))],
  ["a route that misses the listener", "route-broken", onHops("wired", (h) => h.slice(0, -1))],
  ["a link that is none", "route-broken", onHops("wired", (h) => h.map((x, i) => (i === 1 ? { ...x, link: "b3-b9" } : x)))],
  ["one tree too few", "route-broken", onStream("twice", (s) => ({ ...s, members: s.members.slice(0, 1) }))],
  [
    "two trees on one path",
    "route-not-disjoint",
    onStream("twice", (s) => ({ ...s, members: s.members.map((m) => ({ ...m, hops: s.members[0]?.hops ?? [] })) })),
  ],
  ["a stream left out", "stream-missing", { ...schedule, streams: schedule.streams.slice(1) }],
  ["a stream that nobody asked for", "stream-unknown", onStream("wired", (s) => ({ ...s, id: "nobody" }))],
  ["a port without a list", "port-missing", { ...schedule, ports: schedule.ports.filter((p) => p.link !== "b3-b0") }],
  [
    "a gate open while a frame waits",
    "gate-open-while-held",
    onEntries("b1-e1", (e) => e.map((x) => ({ ...x, gateStates: x.gateStates | 0x80 }))),
  ],
  ["a latency better than it is", "statement-wrong", onStream("wired", (s) => ({ ...s, latencyNs: s.latencyNs - 1 }))],
  ["a jitter better than it is", "statement-wrong", onStream("wired", (s) => ({ ...s, jitterNs: 0 }))],
];

describe("the verifier", () => {
  it("finds nothing in the schedule as it is", () => {
    expect(verify(problem, schedule)).toEqual([]);
  });

  it.each(mutants.map(([name, kind, mutant, asked = problem]) => ({ name, kind, mutant, asked })))(
    "finds $name",
    ({ kind, mutant, asked }) => {
      expect(verify(asked, mutant).map((f) => f.kind)).toContain(kind);
    },
  );

  it("finds a frame that enters a queue in which another one waits", () => {
    const waits = startOn("wireless", "b1-e1");
    const asked: Problem = {
      ...problem,
      streams: [
        ...problem.streams,
        { ...(problem.streams[2] as Problem["streams"][number]), id: "close", talker: "e2", listeners: ["e1"], intervalNs: 1_000_000 },
      ],
    };
    const hop = (link: string, startNs: number): HopSchedule => ({ link, startNs, queue: 7 });
    const close: StreamSchedule = {
      id: "close",
      members: [{ tree: 0, hops: [hop("e2-b2", waits - 200_000), hop("b2-b1", waits - 100_000), hop("b1-e1", waits - 10_000)] }],
      latencyNs: 200_000,
      jitterNs: 1000,
    };
    const faults = verify(asked, { ...schedule, streams: [...schedule.streams, close] });
    expect(faults.map((f) => f.kind)).toContain("queue-not-isolated");
  });

  it("demands that preemption is held off through every window where hold and release guard it", () => {
    const held: Problem = {
      ...problem,
      guardBand: "hold",
      links: problem.links.map((l) => ({ ...l, preemption: { addFragSize: 0, holdAdvanceNs: 2000, releaseAdvanceNs: 0 } })),
    };
    const planned = plan(held);
    if (!planned.ok || planned.value.verdict !== "scheduled") throw new Error("hold and release leave more room, not less");
    expect(verify(held, planned.value.schedule)).toEqual([]);
    const plain = planned.value.schedule.ports.map((p) => ({
      ...p,
      entries: p.entries.map((e): GateEntry => ({ ...e, operation: "set-gate-states" })),
    }));
    expect(verify(held, { ...planned.value.schedule, ports: plain }).map((f) => f.kind)).toContain("guard-band-missing");
  });
});
