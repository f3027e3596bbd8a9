import type { Link, Problem, Stream } from "../model.ts";
import type { Fault, PortSchedule, Schedule } from "../schedule.ts";
import { checkList, openGates } from "./gates.ts";
import { bridgeDelay, burstOf, type Ground, groundOf, quietBefore } from "./network.ts";
import { checkRedundancy, type Step, type Walk, walkMember } from "./routes.ts";

/** A frame, or a burst of them, on one link in every interval. All times from the start of the interval. */
interface Passage {
  readonly walk: Walk;
  readonly link: Link;
  readonly queue: number;
  readonly startNs: number;
  readonly endNs: number;
  /** When it may be in the queue at the earliest, all clocks being right. */
  readonly arrivalNs: number;
  readonly padNs: number;
}

/** Walks every frame of every stream through the gates of every port that it passes. No fault means that the schedule is valid. */
export function verify(problem: Problem, schedule: Schedule): readonly Fault[] {
  const ground = groundOf(problem);
  const { faults, walks } = checkStreams(ground, schedule);
  const passages = new Map<string, Passage[]>();
  for (const walk of walks) {
    const result = walkFrames(ground, walk);
    faults.push(...result.faults);
    for (const p of result.passages) {
      const onLink = passages.get(p.link.id);
      if (onLink === undefined) passages.set(p.link.id, [p]);
      else onLink.push(p);
    }
  }
  const ports = new Map(schedule.ports.map((p) => [p.link, p]));
  for (const port of schedule.ports) {
    const link = ground.links.get(port.link);
    if (link === undefined) faults.push({ kind: "port-missing", link: port.link, reason: `${port.link} is no link of the network` });
    else faults.push(...checkList(link, port));
  }
  for (const [id, onLink] of passages) faults.push(...checkPort(ground, onLink, ports.get(id)));
  return faults;
}

function checkStreams(ground: Ground, schedule: Schedule): { readonly faults: Fault[]; readonly walks: readonly Walk[] } {
  const faults: Fault[] = [];
  const walks: Walk[] = [];
  const seen = new Set<string>();
  for (const scheduled of schedule.streams) {
    const stream = ground.streams.get(scheduled.id);
    if (stream === undefined || seen.has(scheduled.id)) {
      faults.push({ kind: "stream-unknown", stream: scheduled.id, reason: `${scheduled.id} is not asked for, or scheduled twice` });
      continue;
    }
    seen.add(stream.id);
    const walked = scheduled.members.map((m) => walkMember(ground, stream, m));
    faults.push(...walked.flatMap((w) => w.faults));
    const own = walked.map((w) => w.walk);
    faults.push(...checkRedundancy(ground, stream, scheduled, own));
    faults.push(...checkPromises(ground, stream, own, scheduled));
    walks.push(...own);
  }
  for (const id of ground.streams.keys()) {
    if (!seen.has(id)) faults.push({ kind: "stream-missing", stream: id, reason: `${id} is not scheduled` });
  }
  return { faults, walks };
}

/** Transmission window, deadline, jitter, and what the schedule says of them. */
function checkPromises(
  { problem, nodes, clockErrorNs }: Ground,
  stream: Stream,
  walks: readonly Walk[],
  stated: { readonly latencyNs: number; readonly jitterNs: number },
): readonly Fault[] {
  const faults: Fault[] = [];
  const { latencyFrom, latencyTo, size } = problem.semantics;
  let latencyNs = 0;
  for (const { steps } of walks) {
    const release = steps[0]?.startNs ?? 0;
    const latest = Math.min(stream.latestOffsetNs ?? stream.intervalNs - 1, stream.intervalNs - 1);
    if (release < stream.earliestOffsetNs || release > latest)
      faults.push({
        kind: "release-outside-window",
        stream: stream.id,
        atNs: release,
        reason: `released at ${String(release)} ns, outside ${String(stream.earliestOffsetNs)} to ${String(latest)}`,
      });
    for (const step of steps) {
      if (!stream.listeners.includes(step.link.to)) continue;
      const burst = burstOf(stream, step.link.rateMbps, size);
      const there =
        step.startNs + step.link.propagationNs + (latencyTo === "start-of-frame" ? (burst.frames.at(-1)?.from ?? 0) : burst.lengthNs);
      const done = there + (latencyTo === "delivered" ? (nodes.get(step.link.to)?.processing.maxNs ?? 0) : 0);
      latencyNs = Math.max(latencyNs, done - (latencyFrom === "release" ? release : 0));
    }
  }
  if (latencyNs > stream.maxLatencyNs)
    faults.push({
      kind: "deadline-missed",
      stream: stream.id,
      reason: `takes ${String(latencyNs)} ns, and may take ${String(stream.maxLatencyNs)}`,
    });
  const jitterNs = 2 * (clockErrorNs + stream.talkerJitterNs);
  if (stream.maxJitterNs !== undefined && jitterNs > stream.maxJitterNs)
    faults.push({
      kind: "jitter-exceeded",
      stream: stream.id,
      reason: `arrives within ${String(jitterNs)} ns, and may vary by ${String(stream.maxJitterNs)}`,
    });
  if (stated.latencyNs < latencyNs || stated.jitterNs < jitterNs)
    faults.push({
      kind: "statement-wrong",
      stream: stream.id,
      reason: `says latency ${String(stated.latencyNs)} and jitter ${String(stated.jitterNs)} ns; they are ${String(latencyNs)} and ${String(jitterNs)}`,
    });
  return faults;
}

/** Each frame from link to link: none may leave before it has come. */
function walkFrames(ground: Ground, walk: Walk): { readonly passages: readonly Passage[]; readonly faults: readonly Fault[] } {
  const { stream, steps } = walk;
  const { size } = ground.problem.semantics;
  const faults: Fault[] = [];
  const padNs = ground.clockErrorNs + stream.talkerJitterNs;
  const passages = steps.map((step: Step): Passage => {
    const burst = burstOf(stream, step.link.rateMbps, size);
    let arrivalNs = step.startNs;
    if (step.feeder !== undefined) {
      const { link: before, startNs } = step.feeder;
      const sent = burstOf(stream, before.rateMbps, size);
      const delay = bridgeDelay(ground, before, step.link, stream.trafficClass);
      for (const [j, frame] of burst.frames.entries()) {
        const whole = startNs + (sent.frames[j]?.to ?? 0) + before.propagationNs;
        if (j === 0) arrivalNs = whole + delay.minNs;
        if (step.startNs + frame.from < whole + delay.maxNs)
          faults.push({
            kind: "frame-before-arrival",
            stream: stream.id,
            link: step.link.id,
            atNs: step.startNs + frame.from,
            reason: `frame ${String(j)} leaves at ${String(step.startNs + frame.from)} ns and is there at ${String(whole + delay.maxNs)}`,
          });
      }
    }
    const { link, queue, startNs } = step;
    return { walk, link, queue, startNs, endNs: startNs + burst.lengthNs, arrivalNs, padNs };
  });
  return { passages, faults };
}

/** All passages of one port, repeated until the port's cycle is full. */
function checkPort(ground: Ground, passages: readonly Passage[], port: PortSchedule | undefined): readonly Fault[] {
  const [first] = passages;
  if (first === undefined) return [];
  const { link } = first;
  if (port === undefined) return [{ kind: "port-missing", link: link.id, reason: "frames pass a port that has no gate control list" }];
  const odd = passages.find((p) => port.cycleNs % p.walk.stream.intervalNs !== 0);
  if (odd !== undefined)
    return [
      {
        kind: "cycle-mismatch",
        stream: odd.walk.stream.id,
        link: link.id,
        reason: `the cycle of ${String(port.cycleNs)} ns is no multiple of the stream's interval`,
      },
    ];
  return [
    ...checkQueues(ground, passages),
    ...checkOverlaps(passages, port.cycleNs),
    ...checkIsolation(ground, passages, port.cycleNs),
    ...checkGates(ground, passages, port),
  ];
}

function checkQueues({ problem }: Ground, passages: readonly Passage[]): readonly Fault[] {
  return passages.flatMap(({ walk, link, queue }): Fault[] =>
    problem.scheduledClasses.includes(queue) && queue >= 8 - link.queues
      ? []
      : [
          {
            kind: "queue-not-scheduled",
            stream: walk.stream.id,
            link: link.id,
            reason: `queue ${String(queue)} is not the port's, or not for scheduled traffic`,
          },
        ],
  );
}

interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly passage: Passage;
}

/** Two stretches in the cycle, also around its end, that meet. */
function firstMeeting(
  stretches: readonly Stretch[],
  cycleNs: number,
  matters: (a: Stretch, b: Stretch) => boolean,
): readonly [Stretch, Stretch] | undefined {
  const turned = stretches.map(({ from, to, passage }) => {
    const turn = Math.floor(from / cycleNs) * cycleNs;
    return { from: from - turn, to: to - turn, passage };
  });
  const again = turned.map(({ from, to, passage }) => ({ from: from + cycleNs, to: to + cycleNs, passage }));
  const sorted = [...turned, ...again].toSorted((a, b) => a.from - b.from);
  let active: Stretch[] = [];
  for (const next of sorted) {
    active = active.filter((a) => a.to > next.from);
    const met = active.find((a) => matters(a, next));
    if (met !== undefined) return [met, next];
    active.push(next);
  }
  return undefined;
}

function repeat(passage: Passage, from: number, to: number, cycleNs: number): readonly Stretch[] {
  const { intervalNs } = passage.walk.stream;
  return Array.from({ length: cycleNs / intervalNs }, (_, k) => ({ from: from + k * intervalNs, to: to + k * intervalNs, passage }));
}

function checkOverlaps(passages: readonly Passage[], cycleNs: number): readonly Fault[] {
  const stretches = passages.flatMap((p) => repeat(p, p.startNs - p.padNs, p.endNs + p.padNs, cycleNs));
  const met = firstMeeting(stretches, cycleNs, () => true);
  if (met === undefined) return [];
  const [a, b] = met;
  return [
    {
      kind: "frame-overlap",
      stream: b.passage.walk.stream.id,
      link: b.passage.link.id,
      atNs: b.from,
      reason: `meets ${a.passage.walk.stream.id} on the wire, what clocks may be off included`,
    },
  ];
}

const isHeld = (p: Passage): boolean => p.arrivalNs < p.startNs;

/** While a frame waits for its time, nothing else may be in its queue: a lost frame would let another one leave in its place. */
function checkIsolation({ clockErrorNs }: Ground, passages: readonly Passage[], cycleNs: number): readonly Fault[] {
  if (!passages.some(isHeld)) return [];
  const faults: Fault[] = [];
  for (const queue of new Set(passages.map((p) => p.queue))) {
    const inQueue = passages.filter((p) => p.queue === queue);
    const stretches = inQueue.flatMap((p) =>
      repeat(p, Math.min(p.arrivalNs - (isHeld(p) ? clockErrorNs : 0), p.startNs) - p.padNs, p.endNs + p.padNs, cycleNs),
    );
    const met = firstMeeting(stretches, cycleNs, (a, b) => isHeld(a.passage) || isHeld(b.passage));
    if (met === undefined) continue;
    const [a, b] = met;
    faults.push({
      kind: "queue-not-isolated",
      stream: b.passage.walk.stream.id,
      link: b.passage.link.id,
      atNs: b.from,
      reason: `shares queue ${String(queue)} with ${a.passage.walk.stream.id} while one of them waits`,
    });
  }
  return faults;
}

function checkGates(ground: Ground, passages: readonly Passage[], port: PortSchedule): readonly Fault[] {
  const gates = openGates(port);
  const scheduled = ground.problem.scheduledClasses.reduce((mask, c) => mask | (1 << c), 0);
  const faults: Fault[] = [];
  for (const passage of passages) {
    const { walk, link, queue, startNs, endNs, arrivalNs, padNs } = passage;
    const { intervalNs, id } = walk.stream;
    const bit = 1 << queue;
    const margin = padNs + (ground.nodes.get(link.from)?.syncErrorNs ?? 0);
    const held = isHeld(passage);
    const tick = link.gates.tickNs;
    const quiet = quietBefore(ground, link);
    const holds = ground.problem.guardBand === "hold" && link.preemption !== undefined;
    const opens = held ? startNs + ((tick - (startNs % tick)) % tick) : startNs - margin;
    const fault = (kind: Fault["kind"], atNs: number, reason: string): void =>
      void faults.push({ kind, stream: id, link: link.id, atNs, reason });
    for (let at = 0; at < port.cycleNs; at += intervalNs) {
      const shut = gates.firstFailure(at + opens, at + endNs + margin, (states) => (states & bit) !== 0);
      if (shut !== undefined) fault("gate-closed", shut, `the gate of queue ${String(queue)} is shut while the frame may pass`);
      const open = held ? gates.firstFailure(at + arrivalNs - padNs, at + startNs, (states) => (states & bit) === 0) : undefined;
      if (open !== undefined) fault("gate-open-while-held", open, `the gate of queue ${String(queue)} is open while the frame has to wait`);
      const noisy = gates.firstFailure(
        at + opens - quiet,
        at + endNs + padNs,
        (states, operation) => (states & ~scheduled & 0xff) === 0 && (!holds || operation === "set-and-hold-mac"),
      );
      if (noisy !== undefined) fault("guard-band-missing", noisy, `best effort may still be on the wire when the frame comes`);
    }
  }
  return faults;
}
