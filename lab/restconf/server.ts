import type { Faults } from "../faults.ts";
import { type Answer, jsonBody, listen, openHttpGate, openHttpServer, type Operation } from "../http-gate.ts";
import type { Ledger } from "../ledger.ts";

const ROOT = "/restconf/data/";
const MEDIA_TYPE = "application/yang-data+json";

export interface RestconfSimulator {
  readonly address: URL;
  reset(): void;
  close(): Promise<void>;
}

const operations: Readonly<Partial<Record<string, Operation>>> = {
  GET: { name: "get", mutating: false },
  PUT: { name: "put", mutating: true },
  DELETE: { name: "delete", mutating: true },
};

/** RFC 8040 section 7.1. */
const errors = (status: number, tag: string, message: string): Answer => ({
  status,
  type: MEDIA_TYPE,
  body: { "ietf-restconf:errors": { error: [{ "error-type": "application", "error-tag": tag, "error-message": message }] } },
});

/** A device with no schema: a data resource is what was PUT to its path, and the server's own state beside it. */
export async function startRestconf(ledger: Ledger, faults: Faults): Promise<RestconfSimulator> {
  const gate = openHttpGate("restconf", ledger, faults);
  const resources = new Map<string, string>();
  const app = openHttpServer();

  function put(path: string, type: string | undefined, body: unknown): Answer {
    if (type !== MEDIA_TYPE) return errors(415, "invalid-value", `only ${MEDIA_TYPE} is understood`);
    if (typeof body !== "object" || body === null || Object.keys(body).length !== 1)
      return errors(400, "malformed-message", "one member is wanted");
    const node = (path.split("/").at(-1) ?? "").split("=")[0] ?? "";
    const [member = ""] = Object.keys(body);
    if (member.replace(/^[^:]*:/, "") !== node.replace(/^[^:]*:/, ""))
      return errors(400, "unknown-element", `${member} is not what the path names`);
    const text = JSON.stringify(body);
    const known = resources.get(path);
    resources.set(path, text);
    if (known !== text) ledger.enter("restconf", known === undefined ? "created" : "changed", `data/${path}`);
    return { status: known === undefined ? 201 : 204 };
  }

  function remove(path: string): Answer {
    if (!resources.delete(path)) return errors(404, "invalid-value", "data instance does not exist");
    ledger.enter("restconf", "removed", `data/${path}`);
    return { status: 204 };
  }

  function get(path: string): Answer {
    const text = resources.get(path);
    return text === undefined
      ? errors(404, "invalid-value", "data instance does not exist")
      : { status: 200, type: MEDIA_TYPE, body: withState(JSON.parse(text)) };
  }

  app.all("/*", (request, reply) => {
    const operation = operations[request.method];
    const path = request.url.startsWith(ROOT) ? request.url.slice(ROOT.length) : "";
    if (operation === undefined || path === "") return reply.code(operation === undefined ? 405 : 404).send();
    return gate(request, reply, operation, () => {
      if (operation.name === "put") return put(path, request.headers["content-type"], jsonBody(request));
      return operation.name === "get" ? get(path) : remove(path);
    });
  });
  const address = await listen(app);
  return { address: new URL("/restconf", address), reset: () => resources.clear(), close: () => app.close() };
}

/** A device tells more than it was told: its own leaves are beside those of the client. */
function withState(content: unknown): unknown {
  if (typeof content !== "object" || content === null) return content;
  return Object.fromEntries(
    Object.entries(content).map(([name, value]) => [
      name,
      Array.isArray(value)
        ? value.map((entry) => (typeof entry === "object" && entry !== null ? { ...entry, "oper-status": "up" } : entry))
        : value,
    ]),
  );
}
