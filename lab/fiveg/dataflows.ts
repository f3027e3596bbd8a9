import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { type Answer, type HttpGate, jsonBody, type Operation } from "../http-gate.ts";
import type { Ledger } from "../ledger.ts";
import type { Access } from "./access.ts";

/*
 * Cumucore's dataflow object as NEMO's public intent engine writes it down. The paths, methods and answers are ours: no public text has them.
 */
export const dataflowsPath = "/api/v1.0/dataflows";

const time = z.string().regex(/^\d{8}T\d{6}[+-]\d{4}$/);
const rate = z.string().regex(/^\d+(\.\d+)?$/);
const port = String.raw`[1-9]\d{0,4}`;
const ip = String.raw`\d{1,3}(?:\.\d{1,3}){3}`;
const DataflowBody = z.strictObject({
  flowID: z.string().min(1),
  SUPI: z.string().regex(/^imsi-\d{15}$/),
  time: z
    .discriminatedUnion("type", [
      z.strictObject({ type: z.literal("START-STOP"), startime: time, stoptime: time }),
      z.strictObject({ type: z.literal("START-FROM"), startime: time }),
      z.strictObject({ type: z.literal("UNTIL-STOP"), stoptime: time }),
    ])
    .optional(),
  profileName: z.string().min(1),
  ulCapacity: rate.optional(),
  dlCapacity: rate.optional(),
  ip4Filters: z
    .array(
      z.strictObject({
        type: z.enum(["IN", "OUT", "BOTH"]),
        ip4Address: z.string().regex(new RegExp(`^(?:ANY|${ip}(?:-${ip})?)$`)),
        portType: z.enum(["TCP", "UDP", "ANY"]),
        portNumber: z
          .string()
          .regex(new RegExp(`^${port}(?:-${port})?$`))
          .optional(),
      }),
    )
    .min(1),
});
type DataflowBody = z.infer<typeof DataflowBody>;

const operation = (name: string, mutating: boolean): Operation => ({ name: `dataflows.${name}`, mutating });
const problem = (status: number, message: string): Answer => ({ status, body: { status, message } });

/** Dataflows by flowID; `profiles` are those that the PCF knows. */
export function mountDataflows(
  app: FastifyInstance,
  gate: HttpGate,
  ledger: Ledger,
  { access, profiles }: { readonly access: Access; readonly profiles: readonly string[] },
): { reset(): void } {
  const flows = new Map<string, DataflowBody>();
  const idIn = (request: FastifyRequest): string => (request.params as { id: string }).id;

  const judged = (request: FastifyRequest, then: (body: DataflowBody) => Answer): Answer => {
    if (!/^application\/json\b/.test(request.headers["content-type"] ?? "")) return problem(415, "application/json is wanted");
    const read = DataflowBody.safeParse(jsonBody(request));
    if (!read.success) return problem(400, `${read.error.issues[0]?.path.join("/") ?? ""}: ${read.error.issues[0]?.message ?? ""}`);
    return profiles.includes(read.data.profileName) ? then(read.data) : problem(403, `no profile ${read.data.profileName}`);
  };
  const created = (flow: DataflowBody): Answer => {
    if (flows.has(flow.flowID)) return problem(409, `dataflow ${flow.flowID} is there already`);
    flows.set(flow.flowID, flow);
    ledger.enter("nef", "created", `dataflow/${flow.flowID}`);
    return { status: 201, body: flow };
  };
  const replaced = (id: string, flow: DataflowBody): Answer => {
    const known = flows.get(id);
    if (known === undefined) return problem(404, `no dataflow ${id}`);
    if (flow.flowID !== id) return problem(400, "flowID: not the one of the path");
    flows.set(id, flow);
    if (JSON.stringify(known) !== JSON.stringify(flow)) ledger.enter("nef", "changed", `dataflow/${id}`);
    return { status: 200, body: flow };
  };
  const removed = (id: string): Answer => {
    if (!flows.delete(id)) return problem(404, `no dataflow ${id}`);
    ledger.enter("nef", "removed", `dataflow/${id}`);
    return { status: 204 };
  };

  const route = (method: "GET" | "POST" | "PUT" | "DELETE", path: string, asked: Operation, act: (request: FastifyRequest) => Answer) =>
    app.route({
      method,
      url: dataflowsPath + path,
      handler: (request, reply) =>
        gate(request, reply, asked, () => (access.isAllowed(request) ? act(request) : problem(401, "no valid token"))),
    });
  route("GET", "", operation("list", false), () => ({ status: 200, body: [...flows.values()] }));
  route("POST", "", operation("create", true), (request) => judged(request, created));
  route("GET", "/:id", operation("read", false), (request) => {
    const flow = flows.get(idIn(request));
    return flow === undefined ? problem(404, `no dataflow ${idIn(request)}`) : { status: 200, body: flow };
  });
  route("PUT", "/:id", operation("replace", true), (request) => judged(request, (flow) => replaced(idIn(request), flow)));
  route("DELETE", "/:id", operation("delete", true), (request) => removed(idIn(request)));

  return { reset: () => flows.clear() };
}
