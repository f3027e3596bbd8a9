import { createServer, type Server as TcpServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { Agent } from "undici";
import { type Outcome } from "../../domain/outcome.ts";
import type { Disruption, Faults } from "../faults.ts";
import type { Ledger } from "../ledger.ts";
import { type ClusterAddresses, openClusterCalls } from "./cluster-api.ts";
import { type ProtoPackage, type Reply, serviceDefinition } from "./messages.ts";
import { createNetwork, createSlice, deleteNetwork, deleteSlice, type MethodRefusal } from "./methods.ts";

export interface L2smOptions {
  /** A real server has one; both only where a test asks for it. */
  readonly packages?: readonly ProtoPackage[];
  readonly clusters: ClusterAddresses;
  /** PEM of the CAs of the clusters, which a real server reads from Secrets of its own cluster. */
  readonly ca?: readonly string[];
}

export interface L2smSimulator {
  readonly address: URL;
  close(): Promise<void>;
}

const peer = "l2sm-md";
const unimplemented = ["CreateOverlay", "AddCluster", "RemoveCluster", "DeleteOverlay"] as const;

type Unary<Q> = (call: ServerUnaryCall<Q, Reply>, reply: sendUnaryData<Reply>) => void;

/** L2S-M's multi-domain server: plaintext, without authentication, and with real calls to the clusters that a request names. */
export async function startL2sm(ledger: Ledger, faults: Faults, options: L2smOptions): Promise<L2smSimulator> {
  const agent = new Agent(options.ca === undefined ? {} : { connect: { ca: [...options.ca] } });
  const calls = openClusterCalls(agent, options.clusters);
  const server = new Server();
  const sockets = new Set<Socket>();

  /** The way of a request through counting, faults and death, around what the method does. */
  const unary =
    <Q>(name: string, act: (request: Q) => Promise<Outcome<Reply, MethodRefusal>>): Unary<Q> =>
    (call, reply) => {
      ledger.requested(peer, name);
      const strike = faults.strike(peer, name, true);
      const answer = async (): Promise<void> => {
        if (strike.delayBeforeMs > 0) await sleep(strike.delayBeforeMs, undefined, { ref: false });
        if (strike.disruption?.when === "before") return disrupt(strike.disruption, call, reply);
        const carried = await act(call.request);
        if (strike.delayAfterMs > 0) await sleep(strike.delayAfterMs, undefined, { ref: false });
        if (strike.disruption !== undefined) return disrupt(strike.disruption, call, reply);
        if (carried.ok) return reply(null, carried.value);
        if (carried.code === "FAILED") return reply({ code: status.UNKNOWN, details: carried.reason });
        ledger.crashed(peer);
        for (const socket of sockets) socket.destroy(); // the process is gone, and with it everyone's connection
      };
      answer().catch((cause: unknown) => reply({ code: status.INTERNAL, details: String(cause) }));
    };

  function disrupt(disruption: Disruption, call: ServerUnaryCall<unknown, Reply>, reply: sendUnaryData<Reply>): void {
    switch (disruption.kind) {
      case "hang":
        return;
      case "destroy":
        for (const socket of sockets) if (call.getPeer() === `${socket.remoteAddress ?? ""}:${String(socket.remotePort)}`) socket.destroy();
        return;
      case "status": // a proxy's answer in between: gRPC clients read 502, 503 and 504 as UNAVAILABLE
        return reply({ code: status.UNAVAILABLE, details: `Received HTTP status code ${String(disruption.status)}` });
      case "grpc":
        return reply({ code: disruption.code, details: disruption.text });
      default:
        return disruption satisfies never;
    }
  }

  for (const pkg of options.packages ?? ["l2sces"]) {
    const implementation: UntypedServiceImplementation = {
      CreateNetwork: unary("CreateNetwork", (request: Parameters<typeof createNetwork>[2]) => createNetwork(pkg, calls, request)),
      DeleteNetwork: unary("DeleteNetwork", (request: Parameters<typeof deleteNetwork>[1]) => deleteNetwork(calls, request)),
      CreateSlice: unary("CreateSlice", (request: Parameters<typeof createSlice>[2]) => createSlice(pkg, calls, request)),
      DeleteSlice: unary("DeleteSlice", deleteSlice),
    };
    for (const name of unimplemented) implementation[name] = notImplemented(ledger, name);
    server.addService(serviceDefinition(pkg), implementation);
  }

  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  // grpc-js binds sockets that it does not show; with a listener of our own they can be destroyed one by one
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    injector.injectConnection(socket);
  });
  const port = await listenOnLoopback(listener);
  return {
    address: new URL(`http://127.0.0.1:${String(port)}`),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.forceShutdown();
      await Promise.all([new Promise((closed) => listener.close(closed)), agent.destroy()]);
    },
  };
}

const notImplemented =
  (ledger: Ledger, name: string): Unary<unknown> =>
  (_call, reply) => {
    ledger.requested(peer, name);
    reply({ code: status.UNIMPLEMENTED, details: `method ${name} not implemented` });
  };

function listenOnLoopback(listener: TcpServer): Promise<number> {
  return new Promise((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(0, "127.0.0.1", () => {
      const address = listener.address();
      if (address === null || typeof address === "string") reject(new Error("a listener without a port"));
      else resolve(address.port);
    });
  });
}
