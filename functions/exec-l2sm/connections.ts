import { Client, credentials } from "@grpc/grpc-js";
import type { ReachableController } from "../../domain/controllers.ts";
import type { Backing } from "../../state/backing.ts";
import { openPools, type Pools } from "../pools.ts";
import { type Codecs, loadCodecs, type ProtoPackage } from "./proto.ts";

/** A connection to L2S-M's multi-domain server, and what has been learned about it. */
export interface Channel {
  readonly client: Client;
  readonly codecs: Codecs;
  /** The package that the server answers to; unknown until a network was created or deleted there. */
  speaks?: ProtoPackage;
}

/** Kept-alive connections to L2S-M and to the clusters that it manages, opened at first use; one object a process. */
export interface L2smConnections extends Pools {
  readonly controllers: readonly ReachableController[];
  channel(controller: ReachableController): Channel;
}

export function openL2smConnections({ controllers }: Pick<Backing, "controllers">): L2smConnections {
  const channels = new Map<string, Channel>();
  const pools = openPools(16);
  // Compiling the messages takes 60 ms, which the first order should not wait for; who has no L2S-M need not either.
  let codecs: Codecs | undefined = controllers.some(({ executioner }) => executioner === "l2sm") ? loadCodecs() : undefined;
  return {
    controllers,
    pool: pools.pool,
    channel(controller) {
      const known = channels.get(controller.origin);
      if (known !== undefined) return known;
      const opened = { client: openClient(controller), codecs: (codecs ??= loadCodecs()) };
      channels.set(controller.origin, opened);
      return opened;
    },
    close() {
      for (const { client } of channels.values()) client.close();
      channels.clear();
      return pools.close();
    },
  };
}

function openClient({ address, ca }: ReachableController): Client {
  const secure = address.protocol === "https:";
  const port = address.port === "" ? (secure ? "443" : "80") : address.port;
  const channel = secure ? credentials.createSsl(ca === undefined ? null : Buffer.from(ca)) : credentials.createInsecure();
  return new Client(`${address.hostname}:${port}`, channel, {
    // Requests carry the clusters' tokens: they go to the server that the operator named, not by way of the environment's proxy.
    "grpc.enable_http_proxy": 0,
    // A server that comes back is found within seconds; the default waits up to two minutes.
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 3_000,
  });
}
