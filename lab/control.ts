import { z } from "zod";
import type { Controller } from "../domain/controllers.ts";
import { Fault, type Faults } from "./faults.ts";
import { type Answer, jsonBody, listen, openHttpServer } from "./http-gate.ts";
import type { Ledger } from "./ledger.ts";

export interface ControlServer {
  readonly address: URL;
  close(): Promise<void>;
}

const label = { simulator: true, notice: "This is a simulator: what stands here happened in no network." };

/** Where a person or a test outside of the process sees the ledger and declares faults. */
export async function startControl(
  ledger: Ledger,
  faults: Faults,
  lab: { readonly controllers: readonly z.input<typeof Controller>[]; reset(): void },
): Promise<ControlServer> {
  const app = openHttpServer();
  const say = (answer: Answer): Answer & { readonly body: object } => ({
    ...answer,
    body: { ...label, ...(answer.body as object | undefined) },
  });

  const routes: readonly (readonly ["GET" | "POST" | "DELETE", string, (body: unknown) => Answer])[] = [
    ["GET", "/", () => ({ status: 200, body: { controllers: lab.controllers } })],
    [
      "GET",
      "/ledger",
      () => ({ status: 200, body: { entries: ledger.entries(), inventory: ledger.objects(), counters: ledger.counters() } }),
    ],
    [
      "DELETE",
      "/ledger",
      () => {
        lab.reset();
        return { status: 200, body: { reset: ["ledger", "counters", "simulators", "faults"] } };
      },
    ],
    ["GET", "/faults", () => ({ status: 200, body: { faults: faults.list() } })],
    ["POST", "/faults", (body) => declare(faults, body)],
    [
      "DELETE",
      "/faults",
      () => {
        faults.clear();
        return { status: 200, body: { faults: [] } };
      },
    ],
  ];
  for (const [method, url, act] of routes) {
    app.route({
      method,
      url,
      handler: (request, reply) => {
        const { status, body } = say(act(jsonBody(request)));
        return reply.code(status).send(body);
      },
    });
  }
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ ...label, error: "try /ledger or /faults" }));
  return { address: await listen(app), close: () => app.close() };
}

/** All of them or none. */
function declare(faults: Faults, body: unknown): Answer {
  const read = z.union([z.array(Fault), Fault.transform((fault) => [fault])]).safeParse(body);
  if (!read.success) return { status: 400, body: { error: z.prettifyError(read.error) } };
  return { status: 201, body: { ids: read.data.map((fault) => faults.add(fault)), faults: faults.list() } };
}
