import { EventEmitter, once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** Stands between a client and RabbitMQ, and misbehaves on request. */
export interface BrokerProxy {
  readonly url: string;
  /** Resets every connection; new ones are accepted at once. */
  cut(): void;
  /** Refuses new connections too, until up(). */
  down(): Promise<void>;
  up(): Promise<void>;
  /** Swallows what the broker says from now on, on the connections that there are. */
  freeze(): void;
  /** Resolves when the broker next says something that contains this. */
  said(text: string): Promise<void>;
  close(): Promise<void>;
}

export async function openBrokerProxy(target: string): Promise<BrokerProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const heard = new EventEmitter();
  let server: Server;
  let at = 0;

  function join(client: Socket): void {
    const broker = connect(Number(port === "" ? 5672 : port), hostname);
    for (const [one, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      sockets.add(one);
      one.on("error", () => undefined); // the other side hears of it by the close
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
    broker.on("data", (chunk: Buffer) => heard.emit("chunk", chunk));
  }

  async function up(): Promise<void> {
    server = createServer(join).listen(at, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the proxy has no port");
    at = address.port;
  }

  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };

  async function down(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve));
    cut();
    await closed;
  }

  await up();
  const url = new URL(target);
  url.hostname = "127.0.0.1";
  url.port = String(at);
  return {
    url: url.href,
    cut,
    down,
    up,
    freeze() {
      for (const socket of sockets) socket.unpipe();
      for (const socket of sockets) socket.resume();
    },
    said: (text) =>
      new Promise((resolve) => {
        heard.on("chunk", function listen(chunk: Buffer) {
          if (!chunk.includes(text)) return;
          heard.off("chunk", listen);
          resolve();
        });
      }),
    close: down,
  };
}
