import { Client, credentials } from "@grpc/grpc-js";
import { Pool } from "undici";
import type { ReachableController } from "../../domain/controllers.ts";
import type { Backing } from "../../state/backing.ts";
import { type Codecs, loadCodecs, type ProtoPackage } from "./proto.ts";

/** A connection to L2S-M's multi-domain server, and what has been learned about it. */
export interface Channel {
  readonly client: Client;
  readonly codecs: Codecs;
  /** The package that the server answers to; unknown until a network was created or deleted there. */
  speaks?: ProtoPackage;
}

/** Kept-alive connections to L2S-M and to the clusters that it manages, opened at first use; one object a process. */
export interface L2smConnections {
  readonly controllers: readonly ReachableController[];
  channel(controller: ReachableController): Channel;
  pool(cluster: ReachableController): Pool;
  close(): Promise<void>;
}

export function openL2smConnections({ controllers }: Pick<Backing, "controllers">): L2smConnections {
  const channels = new Map<string, Channel>();
  const pools = new Map<string, Pool>();
  // Compiling the messages takes 60 ms, which the first order should not wait for; who has no L2S-M need not either.
  let codecs: Codecs | undefined = controllers.some(({ executioner }) => executioner === "l2sm") ? loadCodecs() : undefined;

  const opened = <T>(known: Map<string, T>, origin: string, open: () => T): T => {
    const value = known.get(origin) ?? open();
    known.set(origin, value);
    return value;
  };

  return {
    controllers,
    channel: (controller) =>
      opened(channels, controller.origin, () => ({ client: openClient(controller), codecs: (codecs ??= loadCodecs()) })),
    pool: ({ origin, address, ca }) =>
      opened(pools, origin, () => {
        const connect = { timeout: 5_000, ...(ca === undefined ? {} : { ca }) };
        return new Pool(address.origin, { connections: 16, keepAliveTimeout: 30_000, connect });
      }),
    async close() {
      for (const { client } of channels.values()) client.close();
      const open = [...pools.values()];
      channels.clear();
      pools.clear();
      await Promise.all(open.map((pool) => pool.close()));
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
