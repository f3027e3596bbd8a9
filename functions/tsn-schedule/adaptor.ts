import type { Adaptor, Observed } from "../../domain/intent/adaptor.ts";
import { TsnStreamOrder } from "../../domain/intent/catalogue/tsn-stream/payload.ts";
import type { Order } from "../../domain/intent/order.ts";
import { ok, type Outcome, refuse } from "../../domain/outcome.ts";
import { carryOutRequest, type TsnDomain, type TsnRequest } from "../../domain/tsn/domain.ts";
import type { Stream } from "../../domain/tsn/model.ts";
import type { Verdict } from "../../domain/tsn/schedule.ts";
import { PermanentError, TransientError } from "../../runtime/errors.ts";
import type { TsnStore } from "../../state/tsn.ts";

/** One stream of an intent in the schedule of its domain. The schedule is the controller here: it is looked at, changed and read back like any other. */
export function tsnAdaptor(store: TsnStore): Adaptor {
  async function observe(order: Order): Promise<Outcome<Observed>> {
    const wanted = payloadOf(order);
    const standing = await store.get(wanted.domain);
    if (standing === undefined && (await store.network(wanted.domain)) === undefined)
      return refuse(
        "TSN_DOMAIN_UNKNOWN",
        `no network is known for domain ${wanted.domain}: PUT it to /v1/tsn/domains/${wanted.domain}/network`,
      );
    return ok(observed(standing, wanted));
  }

  async function carryOut(request: TsnRequest): Promise<Outcome<void>> {
    const kept = { network: await store.network(request.domain), standing: await store.get(request.domain) };
    const carried = carryOutRequest(kept, request);
    if (!carried.ok) return carried;
    const { verdict, after } = carried.value;
    if (after === undefined) return unplaced(verdict);
    await keep(store, after);
    return ok(undefined);
  }

  const removal = ({ domain, stream }: TsnStreamOrder): TsnRequest => ({ operation: "remove", domain, streamIds: [stream] });
  const admission = (wanted: TsnStreamOrder): TsnRequest => ({ operation: "admit", domain: wanted.domain, streams: [streamOf(wanted)] });

  return {
    target: (order) => `tsn:${payloadOf(order).domain}`,
    observe,

    async apply(order, seen) {
      const wanted = payloadOf(order);
      if (seen.state === "present" && seen.differs.length === 0) return ok(undefined);
      if (seen.state === "present") {
        const removed = await carryOut(removal(wanted));
        if (!removed.ok) return removed;
      }
      return carryOut(admission(wanted));
    },

    withdraw: (order, seen) => (seen.state === "absent" ? Promise.resolve(ok(undefined)) : carryOut(removal(payloadOf(order)))),

    async undo(order, before) {
      const wanted = payloadOf(order);
      const seen = await observe(order);
      if (!seen.ok) return []; // no domain, so nothing was begun
      const former = before === undefined ? undefined : payloadOf(before);
      if (former !== undefined && observed(await store.get(former.domain), former).state === "present") {
        const now = observed(await store.get(former.domain), former);
        if (now.state === "present" && now.differs.length === 0) return [];
      }
      if (seen.value.state === "present") await carryOut(removal(wanted));
      const restored = former === undefined ? ok(undefined) : await carryOut(admission(former));
      return restored.ok ? [] : [order.resource];
    },
  };
}

/** Somebody was faster: what they made is looked at again. */
export async function keep(store: TsnStore, after: TsnDomain): Promise<void> {
  if ((await store.put(after, after.revision - 1)) === "changed")
    throw new TransientError("TSN_SCHEDULE_CHANGED", `the schedule of ${after.id} was changed meanwhile`, { retryAfterMs: 50 });
}

const streamOf = ({ stream, domain: _domain, listener, ...rest }: TsnStreamOrder): Stream => ({
  ...rest,
  id: stream,
  listeners: [listener],
  framesPerInterval: 1,
  earliestOffsetNs: 0,
  talkerJitterNs: 0,
  rank: 1,
});

function observed(standing: TsnDomain | undefined, wanted: TsnStreamOrder): Observed {
  const stream = standing?.input.problem.streams.find(({ id }) => id === wanted.stream);
  const placed = standing?.schedule.streams.find(({ id }) => id === wanted.stream);
  if (stream === undefined || placed === undefined) return { state: "absent" };
  const differs = [
    ...(["talker", "intervalNs", "frameBytes", "maxLatencyNs", "maxJitterNs", "trafficClass", "trees"] as const).filter(
      (name) => stream[name] !== wanted[name],
    ),
    ...(stream.listeners.length === 1 && stream.listeners[0] === wanted.listener ? [] : ["listener"]),
  ];
  // Worst cases that the verifier has walked through, in ms as intents have them.
  const declared = { latency: placed.latencyNs / 1e6, jitter: placed.jitterNs / 1e6 };
  return { state: "present", differs, pending: false, declared };
}

function unplaced(verdict: Exclude<Verdict, { verdict: "scheduled" }>): Outcome<never> {
  switch (verdict.verdict) {
    case "infeasible": {
      const { kind, model, reason } = verdict.certificate;
      return refuse("TSN_INFEASIBLE", `${reason} (proof: ${kind}, for ${model})`);
    }
    case "undecided": {
      const links = verdict.blocking.slice(0, 3).map(({ link }) => link);
      const at = links.length === 0 ? "" : `; it was refused on ${links.join(", ")}`;
      return refuse(
        "TSN_UNDECIDED",
        `no place was found in ${String(verdict.statistics.iterations)} attempts, and no proof that there is none${at}`,
      );
    }
    default:
      return verdict satisfies never;
  }
}

function payloadOf(order: Order): TsnStreamOrder {
  const payload = TsnStreamOrder.safeParse(order.payload);
  if (payload.success) return payload.data;
  const [issue] = payload.error.issues;
  throw new PermanentError(
    "DATA_INVALID",
    `the payload of ${order.resource} is no stream: ${issue?.path.join("/") ?? ""} ${issue?.message ?? ""}`,
  );
}
