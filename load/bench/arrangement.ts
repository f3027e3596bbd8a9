import type { Controller } from "../../domain/controllers.ts";
import { OrderExecuted, OrderFailed } from "../../events/order.ts";
import { IntentRefused, IntentReported } from "../../events/intent.ts";

/** What stands between the loader's first message and the one that it waits for. */
export type Arrangement =
  /** Five stages that take a message, publish it and acknowledge it; `headers` says whether it carries a CloudEvent's, or only as many bytes. */
  | { readonly kind: "relay"; readonly queues: readonly string[]; readonly headers: boolean }
  /** Functions in one process, as `npm start` hosts them; with `controller: "none"` the executioner answers from memory. */
  | {
      readonly kind: "chain";
      readonly functions: readonly string[];
      readonly fuse: readonly string[];
      readonly controller: "lab" | "none";
    }
  /** All of `npm start`: API, ingress, every function, tail of the log, sweeps. */
  | { readonly kind: "system" }
  /** One function behind HTTP, as its image serves it. */
  | { readonly kind: "http"; readonly fn: string };

/** Everything that the process under test needs to know of the others. */
export interface Surroundings {
  readonly amqpUrl: string;
  readonly redisUrl: string;
  readonly controllers: readonly Controller[];
  readonly sealKey: string;
  readonly logLevel: string;
}

export type Order =
  | { readonly do: "start"; readonly arrangement: Arrangement }
  | { readonly do: "stop" }
  | { readonly do: "profile" }
  | { readonly do: "profiled" };

export type Answer =
  | { readonly is: "started"; readonly address?: string }
  | { readonly is: "done" }
  | { readonly is: "profile"; readonly file: string }
  | { readonly is: "failed"; readonly reason: string };

export const HOPS = 5;
const STAGE = "bench.stage.";
const stageType = (stage: number): string => STAGE + String(stage);

/** The relay's events: the first starts it, the last is what the loader waits for. */
export const relayTypes: readonly string[] = Array.from({ length: HOPS + 1 }, (_, stage) => stageType(stage));

const relayQueues = Array.from({ length: HOPS }, (_, stage) => `bench.relay-${String(stage)}`);

const chainOf = (executioner: string, { fuse = false, controller = "lab" as "lab" | "none" } = {}): Arrangement => {
  const functions = ["intent-classify", "intent-translate", `exec-${executioner}`];
  return { kind: "chain", functions, fuse: fuse ? functions : [], controller };
};

/** Hops and fused come with the work of a TeraFlowSDN order; those `without controller` leave out its HTTP, and nothing else. */
export const arrangements = {
  relay: { kind: "relay", queues: relayQueues, headers: false },
  "relay with headers": { kind: "relay", queues: relayQueues, headers: true },
  hops: chainOf("tfs"),
  fused: chainOf("tfs", { fuse: true }),
  "hops without controller": chainOf("tfs", { controller: "none" }),
  "fused without controller": chainOf("tfs", { fuse: true, controller: "none" }),
  "l2sm hops": chainOf("l2sm"),
  "l2sm fused": chainOf("l2sm", { fuse: true }),
  system: { kind: "system" },
  "intent-classify over HTTP": { kind: "http", fn: "intent-classify" },
} as const satisfies Readonly<Record<string, Arrangement>>;

export type ArrangementName = keyof typeof arrangements;

/** What a message is, by its routing key where the relay carries it, whatever it says of itself. */
export const typeOf = (routingKey: string, says: string): string => (routingKey.startsWith(STAGE) || says === "" ? routingKey : says);

/** The event that tells that one intent is through, and those that tell that it never will be. */
export const endOf = ({ kind }: Arrangement): string =>
  kind === "relay" ? stageType(HOPS) : kind === "system" ? IntentReported.type : OrderExecuted.type;
export const faultTypes: ReadonlySet<string> = new Set([OrderFailed.type, IntentRefused.type]);
export const watchedTypes: readonly string[] = [stageType(HOPS), OrderExecuted.type, IntentReported.type, ...faultTypes];
