import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { z } from "zod";

export type FlashLevel = "success" | "danger" | "error";
export type Flash = readonly [level: FlashLevel, message: string];

/** As in Flask, the session is the cookie: nothing is remembered here, so an older cookie shows an older state. */
const Session = z.object({
  csrf: z.string().optional(),
  flashes: z.array(z.tuple([z.enum(["success", "danger", "error"]), z.string()])).optional(),
});
export type Session = z.infer<typeof Session>;

/** The name holds a colon, as TeraFlowSDN's does: no RFC 6265 token, so cookie parsers choke on it. */
const cookieName = "session:5f3d0a9c1b7e2846";

export interface Sessions {
  /** An absent, foreign or tampered cookie is an empty session. */
  read(cookieHeader: string | undefined): Session;
  setCookie(session: Session): string;
  /** A new token for a form, bound to the session that `csrf` of is kept in. */
  token(csrf: string): string;
  csrfProblem(session: Session, token: string | undefined): string | undefined;
}

export const newCsrf = (): string => randomBytes(20).toString("hex");

export function openSessions(secret: Buffer = randomBytes(32)): Sessions {
  const sign = (text: string): string => createHmac("sha256", secret).update(text).digest("base64url");
  const signed = (text: string): string => `${text}.${sign(text)}`;

  function unsigned(text: string): string | undefined {
    const dot = text.lastIndexOf(".");
    const given = Buffer.from(text.slice(dot + 1));
    const right = Buffer.from(sign(text.slice(0, dot)));
    return dot > 0 && given.length === right.length && timingSafeEqual(given, right) ? text.slice(0, dot) : undefined;
  }

  return {
    read(header) {
      const pair = (header ?? "").split(/;\s*/).find((p) => p.startsWith(`${cookieName}=`));
      const text = pair === undefined ? undefined : unsigned(pair.slice(cookieName.length + 1));
      if (text === undefined) return {};
      return Session.parse(JSON.parse(inflateRawSync(Buffer.from(text, "base64url")).toString("utf8")));
    },
    setCookie: (session) => `${cookieName}=${signed(deflateRawSync(JSON.stringify(session)).toString("base64url"))}; HttpOnly; Path=/`,
    token: (csrf) => signed(csrf),
    /** Flask-WTF's three texts, in the order of its checks. */
    csrfProblem(session, token) {
      if (token === undefined || token === "") return "The CSRF token is missing.";
      const csrf = unsigned(token);
      if (csrf === undefined) return "The CSRF token is invalid.";
      return csrf === session.csrf ? undefined : "The CSRF tokens do not match.";
    },
  };
}
