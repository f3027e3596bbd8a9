import type { FastifyRequest } from "fastify";
import type { Faults } from "../faults.ts";
import { type Answer, jsonBody, listen, openHttpGate, openHttpServer } from "../http-gate.ts";
import type { Ledger } from "../ledger.ts";
import { type Dialect, type ErrorShape, errorsBody, type FieldError, type Location, readSession } from "./messages.ts";
import { type OauthOptions, openTokenEndpoint } from "./oauth.ts";
import { openPeeringStore, type PeeringStore } from "./store.ts";

export interface PeeringOptions {
  /** The AS that the server belongs to. */
  readonly asn?: number;
  readonly locations?: readonly Location[];
  readonly dialect?: Dialect;
  /** The body of POST /sessions: what the OpenAPI declares is a bare array, what it defines and never uses an object. Both are taken. */
  readonly sessionsBody?: "array" | "object" | "both";
  readonly errorShape?: ErrorShape;
  /** What is answered when no session of a batch is accepted: the draft's error message, or a 200 with the errors alone. */
  readonly rejectionStatus?: 200 | 400 | 422;
  readonly status?: string;
  readonly showsSecret?: boolean;
  /** The largest page, whatever is asked for, and the size of a page that is asked for with 0. */
  readonly pageSize?: number;
  /** How long a deleted session is still shown. */
  readonly removeAfterMs?: number;
  readonly oauth?: OauthOptions;
  readonly now?: () => number;
}

export interface PeeringSimulator {
  /** Ends in the base path of the API. */
  readonly address: URL;
  readonly tokenUrl: URL;
  decide(status: string): void;
  revokeTokens(): void;
  reset(): void;
  close(): Promise<void>;
}

const defaultLocations: readonly Location[] = [
  { id: "pdb:ix:1", type: "private" },
  { id: "pdb:ix:1", type: "public" },
  { id: "pdb:ix:26", type: "public" },
  { id: "pdb:ix:31", type: "public" },
  { id: "pdb:ix:62", type: "private" },
];

const base = "/v0.1";

/** The Peering API (bgp/autopeer `openapi.yaml`; draft-ietf-grow-peering-api-01) of one network. */
export async function startPeering(ledger: Ledger, faults: Faults, options: PeeringOptions = {}): Promise<PeeringSimulator> {
  const { asn = 64_513, locations = defaultLocations, dialect = "autopeer", sessionsBody = "both", errorShape = "example" } = options;
  const { rejectionStatus = 400, status = "Pending", showsSecret = false, pageSize = 100, removeAfterMs = 0, now = Date.now } = options;
  const app = openHttpServer();
  const gate = openHttpGate("peering", ledger, faults);
  const store = openPeeringStore(ledger, { asn, locations, dialect, status, showsSecret, removeAfterMs, now });
  const tokens = openTokenEndpoint(options.oauth, now);

  const refused = (code: number, errors: readonly FieldError[]): Answer => ({
    status: code,
    body: { errors: errorsBody(errors, errorShape) },
  });
  const noSuchSession = refused(404, [{ name: "session_id", reasons: ["no such session"] }]);

  const route = (method: "GET" | "POST" | "DELETE", path: string, name: string, answer: (request: FastifyRequest) => Answer): void => {
    app.route({
      method,
      url: base + path,
      handler: (request, reply) =>
        gate(request, reply, { name, mutating: method !== "GET" }, () =>
          tokens.admits(request) ? answer(request) : { status: 401, body: {}, headers: { "www-authenticate": "Bearer" } },
        ),
    });
  };

  function listOf(request: FastifyRequest, name: string, itemsFor: (query: URLSearchParams) => readonly object[] | FieldError): Answer {
    const query = new URL(request.url, "http://peering").searchParams;
    const wrong = wrongIn(query);
    if (wrong !== undefined) return refused(400, [wrong]);
    const items = itemsFor(query);
    if ("reasons" in items) return refused(400, [items]);
    const most = Number(query.get("max_results") ?? 0);
    const size = most === 0 ? pageSize : Math.min(most, pageSize);
    const from = offsetOf(query.get("next_token"));
    const next = from + size < items.length ? { next_token: tokenOf(from + size) } : {};
    return { status: 200, body: { [name]: items.slice(from, from + size), ...next } };
  }

  app.route({
    method: "POST",
    url: "/oauth/token",
    handler: (request, reply) => gate(request, reply, { name: "token", mutating: false }, () => tokens.grant(request)),
  });
  route("GET", "/auth", "auth", () => ({ status: 200, body: {} }));
  route("GET", "/locations", "locations.list", (request) =>
    listOf(request, "locations", (query) => {
      // Here `asn` is the server's, in /sessions the requestor's.
      if (Number(query.get("asn")) !== asn) return { name: "asn", reasons: ["not an asn of this server"] };
      const type = query.get("location_type");
      if (type !== null && type !== "private" && type !== "public") return { name: "location_type", reasons: ["private or public"] };
      return locations.filter((at) => type === null || at.type === type);
    }),
  );
  route("GET", "/sessions", "sessions.list", (request) => listOf(request, "sessions", (query) => store.of(Number(query.get("asn")))));
  route("POST", "/sessions", "sessions.create", (request) => {
    const batch = batchIn(jsonBody(request), sessionsBody);
    if (batch === undefined) return refused(400, [{ name: "sessions", reasons: [`expected ${sessionsBody}`] }]);
    const { sessions, errors } = createAll(store, batch, dialect);
    // A batch is accepted in part; only one that is refused whole is an error.
    if (sessions.length === 0 && rejectionStatus !== 200) return refused(rejectionStatus, errors);
    return { status: 200, body: { sessions, ...(errors.length === 0 ? {} : { errors: errorsBody(errors, errorShape) }) } };
  });
  route("GET", "/sessions/:id", "sessions.get", (request) => {
    const session = store.find(idIn(request));
    return session === undefined ? noSuchSession : { status: 200, body: session };
  });
  route("DELETE", "/sessions/:id", "sessions.delete", (request) => {
    const session = store.remove(idIn(request));
    if (session === undefined) return noSuchSession;
    return dialect === "draft-01" ? { status: 204 } : { status: 200, body: session };
  });

  const { origin } = await listen(app);
  return {
    address: new URL(`${origin}${base}`),
    tokenUrl: new URL(`${origin}/oauth/token`),
    decide: store.decide,
    revokeTokens: tokens.revoke,
    reset() {
      store.reset();
      tokens.revoke();
    },
    close: () => app.close(),
  };
}

function createAll(store: PeeringStore, batch: readonly unknown[], dialect: Dialect) {
  const sessions: object[] = [];
  const errors: FieldError[] = [];
  for (const candidate of batch) {
    const read = readSession(candidate, dialect);
    const made = read.ok ? store.create(read.value) : read;
    if ("session" in made) sessions.push(made.session);
    else errors.push(...made.errors);
  }
  return { sessions, errors };
}

function batchIn(body: unknown, taken: "array" | "object" | "both"): readonly unknown[] | undefined {
  if (Array.isArray(body)) return taken === "object" ? undefined : body;
  if (taken === "array" || typeof body !== "object" || body === null || !("sessions" in body)) return undefined;
  return Array.isArray(body.sessions) ? body.sessions : undefined;
}

const known = new Set(["asn", "location_type", "request_id", "max_results", "next_token"]);

/** `asn` is required, `max_results` goes from 0 to 100, and a `next_token` is one that was given out. */
function wrongIn(query: URLSearchParams): FieldError | undefined {
  const stranger = [...query.keys()].find((name) => !known.has(name));
  if (stranger !== undefined) return { name: stranger, reasons: ["unknown parameter"] };
  if (!/^[1-9]\d{0,9}$/.test(query.get("asn") ?? "")) return { name: "asn", reasons: ["required, an integer"] };
  const most = query.get("max_results") ?? "0";
  if (!/^\d{1,3}$/.test(most) || Number(most) > 100) return { name: "max_results", reasons: ["from 0 to 100"] };
  const token = query.get("next_token");
  return token === null || Number.isInteger(offsetOf(token)) ? undefined : { name: "next_token", reasons: ["not one of ours"] };
}

const tokenOf = (offset: number): string => Buffer.from(`from ${String(offset)}`).toString("base64");

/** NaN for a token that was never given out. */
function offsetOf(token: string | null): number {
  if (token === null) return 0;
  return Number(/^from (\d+)$/.exec(Buffer.from(token, "base64").toString("utf8"))?.[1] ?? Number.NaN);
}

const idIn = (request: FastifyRequest): string => (request.params as { readonly id?: string }).id ?? "";
