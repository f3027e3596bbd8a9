import { createHash, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import type { FastifyInstance } from "fastify";
import { parse } from "yaml";
import { z } from "zod";
import { sendProblem } from "./problem.ts";

/** Who asks. An admin sees everything; a tenant what is theirs. */
export type Principal = { readonly role: "admin" } | { readonly role: "tenant"; readonly userId: string };

/**
 * Who may use a route: everybody; tenants, whose own it shows and nothing else; admins, which is what a route is that does not say. Nothing gets
 * open by being forgotten.
 */
type Access = "public" | "tenant" | "admin";

declare module "fastify" {
  interface FastifyRequest {
    principal: Principal;
  }
  interface FastifyContextConfig {
    access?: Access;
  }
}

const Entry = z.strictObject({
  user: z.string().min(1).max(128),
  role: z.enum(["tenant", "admin"]).default("tenant"),
  /** Of the token, in hexadecimal: the file tells nobody a token. */
  tokenSha256: z.string().regex(/^[0-9a-f]{64}$/i, "64 hexadecimal digits: printf %s TOKEN | sha256sum"),
});

/** Whose token it is; undefined where it is nobody's. */
export type Tenants = (token: string) => Principal | undefined;

const sha256 = (text: string): Buffer => createHash("sha256").update(text).digest();

/** A user may have several tokens, so that one can be replaced without a gap. */
export function tenantsFrom(entries: unknown): Tenants {
  const known = z
    .array(Entry)
    .min(1)
    .refine((all) => new Set(all.map((e) => e.tokenSha256.toLowerCase())).size === all.length, "two entries have the same token")
    .parse(entries)
    .map(({ user, role, tokenSha256 }) => ({
      hash: Buffer.from(tokenSha256, "hex"),
      principal: role === "admin" ? { role } : { role, userId: user },
    }));
  return (token) => {
    const hash = sha256(token);
    // All of them, however early one fits: the time says nothing about who is in the file.
    let found: Principal | undefined;
    for (const entry of known) if (timingSafeEqual(entry.hash, hash)) found = entry.principal;
    return found;
  };
}

/** The file that `TENANTS_FILE` names, YAML or JSON. */
export function readTenantsFile(file: string): Tenants {
  try {
    return tenantsFrom(parse(readFileSync(file, "utf8")));
  } catch (cause) {
    if (cause instanceof z.ZodError) throw new Error(`bad tenants in ${file}\n${z.prettifyError(cause)}`, { cause });
    throw cause;
  }
}

/** RFC 6750 2.1. */
const bearer = (authorization: string | undefined): string | undefined => /^Bearer +([\x21-\x7E]{1,512})$/i.exec(authorization ?? "")?.[1];

/** Every request has a principal. Without tenants everybody is an admin: an API for one person, on loopback. */
export function guard(app: FastifyInstance, tenants: Tenants | undefined): void {
  app.decorateRequest("principal");
  app.addHook("onRequest", async (request, reply) => {
    const access = request.routeOptions.config.access ?? "admin";
    const token = bearer(request.headers.authorization);
    const principal = tenants === undefined ? ({ role: "admin" } as const) : token === undefined ? undefined : tenants(token);
    if (principal !== undefined) request.principal = principal;
    if (access === "public") return;
    if (principal === undefined) {
      const detail = token === undefined ? "send Authorization: Bearer TOKEN" : "the token is nobody's";
      return sendProblem(reply.header("www-authenticate", 'Bearer realm="underlay"'), {
        status: 401,
        code: "UNAUTHENTICATED",
        title: "who asks?",
        detail,
      });
    }
    if (access === "admin" && principal.role !== "admin")
      return sendProblem(reply, { status: 403, code: "FORBIDDEN", title: "only an admin may", detail: "a tenant has /v1/twins" });
  });
}

/** Whether something of this user, or of nobody, may be shown. */
export const maySee = (principal: Principal, userId: string | null | undefined): boolean =>
  principal.role === "admin" || (typeof userId === "string" && userId === principal.userId);
