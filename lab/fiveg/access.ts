import { randomUUID } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Answer, HttpGate, Operation } from "../http-gate.ts";

export interface OauthOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly lifetimeS?: number;
}

/** Who may call: OAuth2 client credentials (RFC 6749 4.4) at `/oauth/token`, or everybody where none are declared. */
export interface Access {
  isAllowed(request: FastifyRequest): boolean;
  /** Tokens given so far are good for nothing any more. */
  revoke(): void;
}

const token: Operation = { name: "oauth.token", mutating: false };

export function openAccess(app: FastifyInstance, gate: HttpGate, oauth: OauthOptions | undefined, now: () => number): Access {
  const goodUntilMs = new Map<string, number>();

  const grant = (request: FastifyRequest, { clientId, clientSecret, lifetimeS = 3600 }: OauthOptions): Answer => {
    if (!/^application\/x-www-form-urlencoded\b/.test(request.headers["content-type"] ?? ""))
      return { status: 400, body: { error: "invalid_request" } };
    const form = new URLSearchParams(Buffer.isBuffer(request.body) ? request.body.toString("utf8") : "");
    if (form.get("grant_type") !== "client_credentials") return { status: 400, body: { error: "unsupported_grant_type" } };
    const expected = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString("base64")}`;
    if (request.headers.authorization !== expected) return { status: 401, body: { error: "invalid_client" } };
    const given = randomUUID();
    goodUntilMs.set(given, now() + lifetimeS * 1000);
    return {
      status: 200,
      body: { access_token: given, token_type: "Bearer", expires_in: lifetimeS },
      headers: { "cache-control": "no-store" },
    };
  };
  if (oauth !== undefined) app.post("/oauth/token", (request, reply) => gate(request, reply, token, () => grant(request, oauth)));

  return {
    isAllowed({ headers: { authorization } }) {
      if (oauth === undefined) return true;
      const given = /^Bearer (.+)$/.exec(authorization ?? "")?.[1];
      return given !== undefined && now() < (goodUntilMs.get(given) ?? 0);
    },
    revoke: () => goodUntilMs.clear(),
  };
}
