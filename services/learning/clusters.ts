import { createHash } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { readClusters } from "../../domain/cluster/facts.ts";
import type { Event } from "../../events/define.ts";
import { EventRejected } from "../../events/rejected.ts";
import type { Broker, Consumer, Message, Settlement } from "../../runtime/broker/broker.ts";
import { TransientError } from "../../runtime/errors.ts";
import type { ClusterStore } from "../../state/clusters.ts";

const MAX_BYTES = 1 << 20;
const PUT_BACK_AFTER_MS = 1_000;

interface Parts {
  readonly broker: Broker;
  readonly queue: string;
  readonly clusters: ClusterStore;
  readonly publish: (events: readonly Event[]) => Promise<void>;
  readonly now: () => Date;
  readonly log: Record<"info" | "warn", (fields: object, phrase: string) => void>;
}

/** Takes in what the meta-orchestrator says of its clusters (D2.3 3.2.1, Figure 6). What cannot be read is told, and what was known stays. */
export const consumeClusters = ({ broker, queue, ...parts }: Parts): Promise<Consumer> =>
  broker.consume({ name: queue, bindings: [], prefetch: 10, deliveryLimit: 20, foreign: true }, (message) => take(message, queue, parts));

async function take(
  message: Message,
  queue: string,
  { clusters, publish, now, log }: Omit<Parts, "broker" | "queue">,
): Promise<Settlement> {
  try {
    const read = message.body.length > MAX_BYTES ? readClusters(undefined, "") : readClusters(parseJson(message.body), now().toISOString());
    if (read.ok) {
      await clusters.report(read.value);
      log.info({ clusters: read.value.length }, "clusters reported");
      return "ack";
    }
    log.warn({ code: read.code, reason: read.reason }, "message about clusters refused");
    const id = createHash("sha256").update(message.body).digest("base64url").slice(0, 22);
    await publish([
      EventRejected.make({
        source: "/mncc/clusters",
        subject: queue,
        id,
        data: { function: "clusters", code: read.code, reason: read.reason },
      }),
    ]);
    return "ack";
  } catch (error) {
    if (!(error instanceof TransientError)) throw error;
    log.warn({ code: error.code, reason: error.message }, "message put back");
    await setTimeout(PUT_BACK_AFTER_MS); // a queue that is not ours has no delivery limit
    return "requeue";
  }
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}
