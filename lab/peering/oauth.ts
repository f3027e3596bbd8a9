import { createHash } from "node:crypto";
import type { FastifyRequest } from "fastify";
import type { Answer } from "../http-gate.ts";

export interface OauthOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  /** What a token request has to ask for, if anything. */
  readonly scope?: string;
  readonly expiresInSeconds?: number;
}

export interface TokenEndpoint {
  grant(request: FastifyRequest): Answer;
  /** Whether the request carries a token that is still good. */
  admits(request: FastifyRequest): boolean;
  /** Every token that was given out is good for nothing from now on. */
  revoke(): void;
}

/** RFC 6749: client credentials by HTTP Basic, errors of section 5.2. Without options every request is admitted. */
export function openTokenEndpoint(options: OauthOptions | undefined, now: () => number): TokenEndpoint {
  const good = new Map<string, number>();
  let given = 0;
  const no = (status: 400 | 401, error: string): Answer => ({
    status,
    body: { error },
    ...(status === 401 ? { headers: { "www-authenticate": "Basic" } } : {}),
  });

  return {
    grant(request) {
      if (options === undefined) return { status: 404, body: { error: "not_found" } };
      const { clientId, clientSecret, scope, expiresInSeconds = 3600 } = options;
      if (request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded") !== true) return no(400, "invalid_request");
      const form = new URLSearchParams(Buffer.isBuffer(request.body) ? request.body.toString("utf8") : "");
      const basic = /^Basic (\S+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
      const [id, secret] = Buffer.from(basic, "base64").toString("utf8").split(":").map(formDecoded);
      if (id !== clientId || secret !== clientSecret) return no(401, "invalid_client");
      if (form.get("grant_type") !== "client_credentials") return no(400, "unsupported_grant_type");
      if (scope !== undefined && form.get("scope") !== scope) return no(400, "invalid_scope");
      given += 1;
      const token = createHash("sha256")
        .update(`${clientId} ${String(given)} ${String(now())}`)
        .digest("base64url");
      good.set(token, now() + expiresInSeconds * 1000);
      return { status: 200, body: { access_token: token, token_type: "Bearer", expires_in: expiresInSeconds } };
    },
    admits(request) {
      if (options === undefined) return true;
      const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1];
      return token !== undefined && now() < (good.get(token) ?? 0);
    },
    revoke() {
      good.clear();
    },
  };
}

const formDecoded = (text: string): string => decodeURIComponent(text.replaceAll("+", " "));
