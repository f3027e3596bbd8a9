import { z } from "zod";
import { ok, type Outcome, refuse } from "../outcome.ts";
import { inputOf, NetworkDocument, TsnInput } from "./formats/network.ts";
import { Stream } from "./model.ts";
import { admit, plan, type PlanOptions, planDefaults, remove, type TsnRefusal, validate } from "./operations.ts";
import { Schedule, type Verdict } from "./schedule.ts";

/** A configuration domain (IEEE 802.1Q 46.2.2): a network, the streams that it carries, and when. */
export const TsnDomain = z.object({
  id: z.string().min(1).max(64),
  /** Grows with every schedule. */
  revision: z.int().nonnegative(),
  input: TsnInput,
  /** Of `input.problem.streams`. */
  schedule: Schedule,
  /** Links whose gates the last request changed. */
  touchedLinks: z.array(z.string()).default([]),
  /** Id of the last request: when it is delivered again, what it brought about is told again. */
  request: z.string().optional(),
});
export type TsnDomain = z.infer<typeof TsnDomain>;

const domain = z.string().regex(/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/, "expected letters, digits and . _ -, at most 64");
const options = {
  seed: z.int().nonnegative().max(4_294_967_295).optional(),
  iterationBudget: z.int().positive().max(1_000_000).optional(),
};
/** Compare-and-set: the revision that the sender knows; left out, whatever there is. */
const revision = z.int().nonnegative().optional();

/** What may be asked of a domain. */
export const TsnRequest = z.discriminatedUnion("operation", [
  z.strictObject({
    operation: z.literal("plan"),
    domain,
    /** Takes the place of the one that is kept. */
    network: NetworkDocument.optional(),
    /** Left out: the network's own, and those that were admitted. */
    streams: z.array(Stream).max(50_000).optional(),
    ...options,
  }),
  z.strictObject({ operation: z.literal("admit"), domain, revision, streams: z.array(Stream).min(1).max(1_000), ...options }),
  z.strictObject({ operation: z.literal("remove"), domain, revision, streamIds: z.array(z.string().min(1).max(128)).min(1).max(1_000) }),
]);
export type TsnRequest = z.infer<typeof TsnRequest>;

/** What is kept of a domain when a request comes. */
export interface Kept {
  readonly network: NetworkDocument | undefined;
  readonly standing: TsnDomain | undefined;
}

/** `after` is to be kept; where there is none, nothing changes. */
export type Carried =
  | { readonly verdict: Extract<Verdict, { verdict: "scheduled" }>; readonly after: TsnDomain }
  | { readonly verdict: Exclude<Verdict, { verdict: "scheduled" }>; readonly after?: undefined };

export type RequestRefusal = TsnRefusal | "TSN_DOMAIN_UNKNOWN" | "TSN_REVISION_CHANGED" | "TSN_SCHEDULE_FAULTY";

/** Carries a request out on what is kept. A schedule in which the verifier finds a fault is nobody's: it is refused. */
export function carryOutRequest(kept: Kept, request: TsnRequest): Outcome<Carried, RequestRefusal> {
  switch (request.operation) {
    case "plan":
      return planDomain(kept, request);
    case "admit":
      return admitStreams(kept, request);
    case "remove":
      return removeStreams(kept, request);
    default:
      return request satisfies never;
  }
}

type Operation<O extends TsnRequest["operation"]> = Extract<TsnRequest, { operation: O }>;

const searchOf = ({ seed, iterationBudget }: Pick<Operation<"plan">, "seed" | "iterationBudget">): PlanOptions => ({
  seed: seed ?? planDefaults.seed,
  iterationBudget: iterationBudget ?? planDefaults.iterationBudget,
});

function planDomain({ network, standing }: Kept, request: Operation<"plan">): Outcome<Carried, RequestRefusal> {
  const document = request.network ?? network;
  if (document === undefined) return unknownDomain(request.domain);
  const fresh = inputOf(document);
  const own = new Set(fresh.problem.streams.map(({ id }) => id));
  const admitted = (standing?.input.problem.streams ?? []).filter(({ id }) => !own.has(id));
  const streams = request.streams ?? [...fresh.problem.streams, ...admitted];
  const input: TsnInput = { ...fresh, problem: { ...fresh.problem, streams } };
  const planned = plan(input.problem, searchOf(request));
  if (!planned.ok) return planned;
  return settled(request.domain, standing, { input, verdict: planned.value, touchedLinks: input.problem.links.map(({ id }) => id) });
}

function admitStreams({ network, standing }: Kept, request: Operation<"admit">): Outcome<Carried, RequestRefusal> {
  const base = standing ?? emptyDomain(request.domain, network);
  if (base === undefined) return unknownDomain(request.domain);
  const stale = staleness(base, request.revision);
  if (stale !== undefined) return stale;
  let { schedule } = base;
  let { problem } = base.input;
  let verdict: Verdict | undefined;
  const touched = new Set<string>();
  for (const stream of request.streams) {
    const change = admit(problem, schedule, stream, searchOf(request));
    if (!change.ok) return change;
    ({ verdict } = change.value);
    // All of the streams or none.
    if (verdict.verdict !== "scheduled") return ok({ verdict });
    for (const link of change.value.touchedLinks) touched.add(link);
    problem = { ...problem, streams: [...problem.streams, stream] };
    ({ schedule } = verdict);
  }
  if (verdict === undefined) return refuse("TSN_PROBLEM_INVALID", "no stream is to be admitted");
  return settled(request.domain, base, { input: { ...base.input, problem }, verdict, touchedLinks: [...touched].toSorted() });
}

function removeStreams({ standing }: Kept, request: Operation<"remove">): Outcome<Carried, RequestRefusal> {
  if (standing === undefined) return unknownDomain(request.domain);
  const stale = staleness(standing, request.revision);
  if (stale !== undefined) return stale;
  const { problem } = standing.input;
  const removed = remove(problem, standing.schedule, request.streamIds);
  if (!removed.ok) return removed;
  const streams = problem.streams.filter(({ id }) => !request.streamIds.includes(id));
  const statistics = { ...planDefaults, iterations: 0, stage: "admission" as const };
  return settled(request.domain, standing, {
    input: { ...standing.input, problem: { ...problem, streams } },
    verdict: { verdict: "scheduled", schedule: removed.value.schedule, statistics },
    touchedLinks: removed.value.touchedLinks,
  });
}

/** A network on which nothing is scheduled yet. */
function emptyDomain(id: string, network: NetworkDocument | undefined): TsnDomain | undefined {
  if (network === undefined) return undefined;
  const input = inputOf(network);
  return {
    id,
    revision: 0,
    input: { ...input, problem: { ...input.problem, streams: [] } },
    schedule: { streams: [], ports: [] },
    touchedLinks: [],
  };
}

/** The links whose gates are other ones in the later of two schedules. */
export function touchedBetween(before: TsnDomain | undefined, after: TsnDomain): readonly string[] {
  const lists = (domain: TsnDomain | undefined) => new Map(domain?.schedule.ports.map((port) => [port.link, JSON.stringify(port)]));
  const [old, now] = [lists(before), lists(after)];
  return [...new Set([...old.keys(), ...now.keys()])].filter((link) => old.get(link) !== now.get(link)).toSorted();
}

interface Reached {
  readonly input: TsnInput;
  readonly verdict: Verdict;
  readonly touchedLinks: readonly string[];
}

function settled(id: string, before: TsnDomain | undefined, { input, verdict, touchedLinks }: Reached): Outcome<Carried, RequestRefusal> {
  if (verdict.verdict !== "scheduled") return ok({ verdict });
  const [fault] = validate(input.problem, verdict.schedule);
  if (fault !== undefined)
    return refuse("TSN_SCHEDULE_FAULTY", `the verifier does not confirm the schedule that was found: ${fault.kind}: ${fault.reason}`);
  const revision = (before?.revision ?? 0) + 1;
  return ok({ verdict, after: { id, revision, input, schedule: verdict.schedule, touchedLinks: [...touchedLinks] } });
}

const unknownDomain = (id: string): Outcome<never, RequestRefusal> =>
  refuse(
    "TSN_DOMAIN_UNKNOWN",
    `no network is known for domain ${id}: PUT it to /v1/tsn/domains/${id}/network, or send it with the request`,
  );

const staleness = ({ revision: now }: TsnDomain, expected: number | undefined): ReturnType<typeof refuse<RequestRefusal>> | undefined =>
  expected === undefined || expected === now
    ? undefined
    : refuse("TSN_REVISION_CHANGED", `the schedule is at revision ${String(now)} now, not ${String(expected)}: look again`);
