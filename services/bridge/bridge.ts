import { EventRejected } from "../../events/rejected.ts";
import type { Broker } from "../../runtime/broker/broker.ts";
import type { HostedFunction } from "../../runtime/function.ts";
import { callsTo } from "../../runtime/host/calls.ts";
import { listen } from "../../runtime/host/http.ts";
import { hostOnBroker, type LocalOptions } from "../../runtime/host/local.ts";
import type { Logger } from "../../runtime/log.ts";
import type { Metrics } from "../../runtime/metrics.ts";
import { openDoor } from "./door.ts";
import { openRemotePlace, type RemotePlace } from "./place.ts";

interface BridgeParts<B> {
  readonly functions: readonly HostedFunction<B>[];
  readonly broker: Broker;
  readonly urlOf: (fn: string) => URL;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly listening: { readonly host: string; readonly port: number };
  readonly options?: Omit<LocalOptions<B>, "fuse" | "elsewhere">;
}

export interface Bridge {
  readonly port: number;
  /** Takes nothing more, and resolves when what it took is published and acknowledged. */
  stop(): Promise<void>;
}

/** RabbitMQ on one side, functions behind HTTP on the other: what a broker of Knative's does there, for platforms that have none. */
export async function openBridge<B>(parts: BridgeParts<B>): Promise<Bridge> {
  const { functions, broker, urlOf, log, metrics, listening, options = {} } = parts;
  const known = new Set([EventRejected.type, ...functions.flatMap(({ emits }) => emits.map(({ type }) => type))]);
  // First the way in: a function that is called may have something to post at once.
  let isCarrying = false;
  const door = await listen(openDoor({ broker, metrics, known, isCarrying: () => isCarrying }), listening);
  let place: RemotePlace<B> | undefined;
  const hosting = await hostOnBroker({ functions, broker, log, metrics, options }, (stopping) => {
    place = openRemotePlace(functions, { urlOf, stopping, log });
    return callsTo(place, functions, { log, metrics });
  });
  isCarrying = true;
  return {
    port: door.port,
    async stop() {
      isCarrying = false;
      await hosting.stop();
      await door.close();
      await place?.close();
    },
  };
}
