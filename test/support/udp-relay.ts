import { createSocket, type RemoteInfo } from "node:dgram";
import { once } from "node:events";

/** What becomes of the n-th datagram of a direction: the datagrams that go on instead of it, in this order. */
export type Treatment = (bytes: Buffer, n: number) => readonly Buffer[];

export interface Relay {
  readonly port: number;
  /** Where the sender is, once it has sent something. */
  sender(): RemoteInfo | undefined;
  close(): Promise<void>;
}

/** Stands between a sender and a reflector, and does to their packets what a network may do. */
export async function startRelay(
  address: string,
  target: { readonly address: string; readonly port: number },
  { there = (bytes) => [bytes], back = (bytes) => [bytes] }: { readonly there?: Treatment; readonly back?: Treatment },
): Promise<Relay> {
  const front = createSocket("udp4");
  const rear = createSocket("udp4");
  for (const socket of [front, rear]) {
    socket.bind(0, address);
    await once(socket, "listening");
  }
  let sender: RemoteInfo | undefined;
  let [n, m] = [0, 0];
  front.on("message", (bytes, from) => {
    sender = from;
    for (const packet of there(bytes, n++)) rear.send(packet, target.port, target.address);
  });
  rear.on("message", (bytes) => {
    if (sender !== undefined) for (const packet of back(bytes, m++)) front.send(packet, sender.port, sender.address);
  });
  return {
    port: front.address().port,
    sender: () => sender,
    close: async () => {
      await Promise.all(
        [front, rear].map((socket) => {
          const closed = once(socket, "close");
          socket.close();
          return closed;
        }),
      );
    },
  };
}
