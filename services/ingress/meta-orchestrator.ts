import { EventRejected } from "../../events/rejected.ts";
import { createHash } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import type { Event } from "../../events/define.ts";
import { IntentRefused } from "../../events/intent.ts";
import type { Broker, Consumer, Message, Settlement } from "../../runtime/broker/broker.ts";
import { TransientError } from "../../runtime/errors.ts";
import type { Ingress, Problem } from "./ingress.ts";

/** NEMO's names (D2.3 4.2.1; the intent engine's manifest). Both exist already where a meta-orchestrator runs. */
export const MO_EXCHANGE = "mo";
export const MO_QUEUE = "mncc";
const CREATE_KEY = "create-network-paths";
/** Ours: D2.3 has no way to take an intent back. The body is the intent, or `{"Intent":{"id":…}}`. */
const DELETE_KEY = "delete-network-paths";

const source = "/mncc/ingress";
const PUT_BACK_AFTER_MS = 1_000;

interface Parts {
  readonly broker: Broker;
  readonly ingress: Ingress;
  readonly publish: (events: readonly Event[]) => Promise<void>;
  readonly log: Record<"info" | "warn", (fields: object, phrase: string) => void>;
}

/**
 * Takes intents from the meta-orchestrator's queue. What cannot be taken is told as an event and acknowledged: it never stops the queue,
 * as one bad body stopped the thread of NEMO's engine, and it never comes back by itself.
 */
export const consumeMetaOrchestrator = ({ broker, ...parts }: Parts): Promise<Consumer> =>
  broker.consume(
    {
      name: MO_QUEUE,
      bindings: [CREATE_KEY, DELETE_KEY].map((key) => ({ exchange: MO_EXCHANGE, exchangeType: "topic", key })),
      prefetch: 50,
      deliveryLimit: 20,
      foreign: true,
    },
    (message) => take(message, parts),
  );

async function take(message: Message, { ingress, publish, log }: Omit<Parts, "broker">): Promise<Settlement> {
  try {
    if (message.routingKey === DELETE_KEY) {
      await terminate(message, ingress, publish);
      return "ack";
    }
    const read = ingress.read(message.body);
    const taken = read.ok ? await ingress.submit(read.candidates) : read;
    if (taken.ok) {
      for (const { intent, generation } of taken.records) log.info({ intentId: intent.id, generation }, "intent submitted");
      return "ack";
    }
    log.warn({ code: taken.problems[0]?.code, problems: taken.problems.length }, "message refused");
    await publish(taken.problems.map((problem, index) => tell(problem, message, index)));
    return "ack";
  } catch (error) {
    if (!(error instanceof TransientError)) throw error;
    log.warn({ code: error.code, reason: error.message }, "message put back");
    // A queue that is not ours has no delivery limit: put back at once, the message would come again and again while the store is away.
    await setTimeout(PUT_BACK_AFTER_MS);
    return "requeue";
  }
}

async function terminate(message: Message, ingress: Ingress, publish: Parts["publish"]): Promise<void> {
  const id = idIn(message.body);
  const record = id === undefined ? undefined : await ingress.terminate(id);
  if (record !== undefined) return;
  const problem =
    id === undefined
      ? { code: "INPUT_UNPARSABLE", reason: "no Intent with an id in it" }
      : { code: "INTENT_UNKNOWN", reason: `there is no intent ${id}` };
  await publish([tell({ document: 1, ...problem, ...(id === undefined ? {} : { intentId: id }) }, message, 0)]);
}

function idIn(body: Buffer): string | undefined {
  if (body.length > 65_536) return undefined;
  try {
    const document = JSON.parse(body.toString("utf8")) as { Intent?: { id?: unknown } } | null;
    const id = document?.Intent?.id;
    return typeof id === "string" && id.length <= 128 ? id : undefined;
  } catch {
    return undefined;
  }
}

/** An intent that can be named was refused; what cannot be named was rejected. The same bytes are told of by the same id. */
function tell({ intentId, code, reason, path, conflict }: Problem, { body }: Message, index: number): Event {
  const id = createHash("sha256").update(body).update(String(index)).digest("base64url").slice(0, 22);
  if (intentId === undefined) return EventRejected.make({ source, subject: MO_QUEUE, id, data: { function: "ingress", code, reason } });
  const data = {
    intentId,
    submission: 0,
    code,
    reason,
    ...(path === undefined ? {} : { path }),
    ...(conflict === undefined ? {} : { conflict }),
  };
  return IntentRefused.make({ source, subject: intentId, id, data });
}
