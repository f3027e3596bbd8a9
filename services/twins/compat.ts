import { z } from "zod";
import { nemoTwin, type NemoTrigger } from "../../domain/twin/nemo.ts";
import type { Twin } from "../../domain/twin/model.ts";
import { TwinAnomalyDetected, TwinSnapshotTaken, TwinStatusChanged } from "../../events/twin.ts";
import type { Broker, Consumer, Message, Outgoing, Settlement } from "../../runtime/broker/broker.ts";
import { LOG_EXCHANGE } from "../../runtime/broker/broker.ts";
import { decodeAmqp } from "../../runtime/codec/amqp.ts";
import { ownerWords } from "../../runtime/codec/routing.ts";
import { PermanentError, TransientError } from "../../runtime/errors.ts";
import type { TwinStore } from "../../state/twins.ts";

/** The exchange that carries NEMO's messages, keyed `<user>.<workload>`: NEMO's queue takes all of them, a user's own queue binds `<user>.#`. */
export const CMDT_EXCHANGE = "cmdt";

interface Parts {
  readonly broker: Pick<Broker, "consume" | "publish" | "provide">;
  readonly twins: Pick<TwinStore, "get">;
  /** `#CMDT` in D2.3, as far as its print can be read. */
  readonly queue: string;
  readonly log: Record<"warn", (fields: object, phrase: string) => void>;
}

const DELIVERY_LIMIT = 20;
const triggers: Readonly<Record<string, NemoTrigger>> = {
  [TwinSnapshotTaken.type]: "periodic",
  [TwinStatusChanged.type]: "status",
  [TwinAnomalyDetected.type]: "anomaly",
};

const OfTwin = z.looseObject({ twinId: z.string() });

/** Sends every word of a twin on as D2.3's plain JSON: at least once, confirmed and mandatory, with the event's id as the message's. */
export async function forwardTwins({ broker, twins, queue, log }: Parts): Promise<Consumer> {
  await broker.provide({ name: queue, bindings: [{ exchange: CMDT_EXCHANGE, exchangeType: "topic", key: "#" }] });
  return broker.consume(
    {
      name: "nemo.svc.cmdt",
      bindings: Object.keys(triggers).map((type) => ({ exchange: LOG_EXCHANGE, exchangeType: "topic", key: `${type}.#` })),
      prefetch: 50,
      deliveryLimit: DELIVERY_LIMIT,
    },
    async (message): Promise<Settlement> => {
      try {
        const outgoing = await translate(message, twins);
        if (outgoing !== undefined) await broker.publish([outgoing]);
        return "ack";
      } catch (error) {
        if (error instanceof PermanentError) return "dead-letter";
        if (!(error instanceof TransientError)) throw error;
        log.warn({ queue, code: error.code, reason: error.message }, "twin not forwarded");
        return "requeue";
      }
    },
  );
}

async function translate(message: Message, twins: Parts["twins"]): Promise<Outgoing | undefined> {
  const event = decodeAmqp(message);
  const trigger = triggers[event.type];
  if (trigger === undefined) return undefined;
  const twin = trigger === "periodic" ? snapshotIn(event.data) : await twins.get(idIn(event.data));
  // A component that is long gone has been told of.
  if (twin === undefined) return undefined;
  return {
    exchange: CMDT_EXCHANGE,
    routingKey: ownerWords(twin),
    body: Buffer.from(JSON.stringify(nemoTwin(twin, trigger))),
    contentType: "application/json",
    messageId: event.id,
    timestampMs: Date.parse(twin.updatedAt),
    headers: {},
  };
}

function snapshotIn(data: unknown): Twin {
  const read = TwinSnapshotTaken.data.safeParse(data);
  if (!read.success) throw new PermanentError("DATA_INVALID", "a snapshot without a twin");
  return read.data.twin;
}

function idIn(data: unknown): string {
  const read = OfTwin.safeParse(data);
  if (!read.success) throw new PermanentError("DATA_INVALID", "an event of no twin");
  return read.data.twinId;
}
