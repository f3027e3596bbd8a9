import { setTimeout } from "node:timers/promises";
import type { ScalingRecord } from "../../domain/scaling/record.ts";
import { ScalingProposed } from "../../events/scaling.ts";
import { type Broker, type Consumer, EVENTS_EXCHANGE, type Message, type Settlement } from "../../runtime/broker/broker.ts";
import { decodeAmqp } from "../../runtime/codec/amqp.ts";
import { PermanentError, TransientError } from "../../runtime/errors.ts";
import type { Scaler } from "./scale.ts";

/** Our own queue of proposals that are on their way out. */
export const RELAY_QUEUE = "nemo.scaling";
const PUT_BACK_AFTER_MS = 500;

interface Parts {
  readonly broker: Broker;
  /** The meta-orchestrator's; absent: it is not told. */
  readonly queue?: string;
  /** Absent: no Deployment is touched. */
  readonly scaler?: Scaler;
  readonly now: () => Date;
  readonly log: Record<"info" | "warn" | "error", (fields: object, phrase: string) => void>;
}

/**
 * Hands proposals on: those of `advise` and `act` to the meta-orchestrator's queue as plain JSON, and those of `act` to the Deployments where
 * that is wanted. Both targets are absolute and in order, so that twice is as good as once; what is too old is worth nothing any more.
 */
export async function relayProposals({ broker, queue, ...parts }: Parts): Promise<Consumer> {
  if (queue !== undefined) await broker.provide({ name: queue, bindings: [] });
  /** By workload, the newest that was handed on: a redelivery must not bring an old target back. */
  const handed = new Map<string, string>();
  const hand = async (message: Message, record: ScalingRecord): Promise<void> => {
    if (record.takenAt <= (handed.get(record.workload) ?? "")) return;
    if (queue !== undefined) {
      const { messageId = record.decisionId } = message;
      const body = Buffer.from(JSON.stringify(record));
      await broker.publish([{ exchange: "", routingKey: queue, body, contentType: "application/json", messageId, headers: {} }]);
    }
    if (record.mode === "act") await parts.scaler?.scale(record);
    handed.set(record.workload, record.takenAt);
  };
  return broker.consume(
    {
      name: RELAY_QUEUE,
      bindings: [{ exchange: EVENTS_EXCHANGE, exchangeType: "topic", key: `${ScalingProposed.type}.#` }],
      prefetch: 1, // in order: the last word on a workload is the newest
      deliveryLimit: 1_000,
    },
    (message) => relay(message, hand, parts),
  );
}

async function relay(
  message: Message,
  hand: (message: Message, record: ScalingRecord) => Promise<void>,
  { now, log }: Pick<Parts, "now" | "log">,
): Promise<Settlement> {
  try {
    const record = ScalingProposed.data.parse(decodeAmqp(message).data);
    if (record.mode === "shadow" || record.mode === "off") return "ack";
    if (now() > new Date(record.validUntil)) {
      log.warn({ workload: record.workload, decisionId: record.decisionId }, "proposal too old to be handed on");
      return "ack";
    }
    await hand(message, record);
    return "ack";
  } catch (error) {
    if (error instanceof TransientError) {
      log.warn({ code: error.code, reason: error.message }, "proposal put back");
      await setTimeout(PUT_BACK_AFTER_MS);
      return "requeue";
    }
    if (error instanceof PermanentError) log.error({ code: error.code, reason: error.message }, "proposal not handed on");
    else log.error({ reason: error instanceof Error ? error.name : "" }, "proposal not readable");
    return "dead-letter";
  }
}
