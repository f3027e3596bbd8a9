import { z } from "zod";
import type { BgpSession } from "../../domain/intent/catalogue/bgp-peering/payload.ts";
import { ok, type Outcome, refuse } from "../../domain/outcome.ts";
import { TransientError } from "../../runtime/errors.ts";
import { errorWords } from "./error-words.ts";
import { declined, garbled, type PeeringApi } from "./http.ts";
import { isAskedFor, isRejected, type Session, sessionsBody, sessionsIn } from "./session.ts";

/** The most that the API lets a page have; its default of 0 means whatever the server likes. */
const PAGE_SIZE = 100;
const MAX_PAGES = 100;

/** How soon to look again for a session that is scheduled for deletion. */
const DELETING_RETRY_MS = 500;

/** Every session of ours with this responder that is what the order names: one, unless somebody asked for it past us. */
export async function findSessions(api: PeeringApi, wanted: BgpSession): Promise<Outcome<readonly Session[]>> {
  const listed = await everyPage(api, "sessions", { asn: String(wanted.localAsn) });
  return listed.ok ? ok(sessionsIn(listed.value).filter((session) => isAskedFor(session, wanted))) : listed;
}

const Location = z.object({ id: z.string() });

/** Refuses a location where the responder peers with nobody, and names those that are nearest to it. */
export async function checkLocation(api: PeeringApi, { peerAsn, peerType, location }: BgpSession): Promise<Outcome<void>> {
  const listed = await everyPage(api, "locations", { asn: String(peerAsn), location_type: peerType });
  if (!listed.ok) return listed;
  const ids = listed.value.flatMap((item) => {
    const read = Location.safeParse(item);
    return read.success ? [read.data.id] : [];
  });
  if (ids.includes(location)) return ok(undefined);
  const near = nearest(ids, location);
  const instead = near.length === 0 ? "it has none" : `nearest are ${near.join(", ")}`;
  return refuse("LOCATION_UNKNOWN", `AS${String(peerAsn)} has no ${peerType} peering at ${location}; ${instead}`);
}

/** Those of the same kind first, and of these the ones whose number is closest. */
export function nearest(ids: readonly string[], wanted: string, count = 3): readonly string[] {
  const kind = wanted.slice(0, wanted.lastIndexOf(":") + 1);
  const numberIn = (id: string): number => Number(/\d+$/.exec(id)?.[0] ?? 0);
  const apart = (id: string): number => (id.startsWith(kind) ? 0 : 1e12) + Math.abs(numberIn(id) - numberIn(wanted));
  return [...new Set(ids)].toSorted((a, b) => apart(a) - apart(b)).slice(0, count);
}

const CreateReply = z.object({ sessions: z.array(z.unknown()).nullish(), errors: z.unknown().optional() });

/** Asks for the session. The answer is a batch's: 200 also where the one session in it was not accepted. */
export async function createSession(api: PeeringApi, wanted: BgpSession, secret: string | undefined): Promise<Outcome<void>> {
  const reply = await api.call({ method: "POST", path: "/sessions", body: sessionsBody(wanted, secret, api.controller) });
  if (!reply.ok) return reply;
  const { status, body } = reply.value;
  if (status !== 200 && status !== 201) return declined(api, reply.value, "POST /sessions");
  const read = CreateReply.safeParse(body);
  if (!read.success) throw garbled(api, "answer to POST /sessions");
  const made = sessionsIn(read.data.sessions ?? []).find((session) => isAskedFor(session, wanted));
  const said = api.redact(errorWords({ errors: read.data.errors }));
  if (made !== undefined && !isRejected(made)) return ok(undefined);
  if (made !== undefined || said !== "") return rejection(wanted, said);
  return ok(undefined); // neither taken nor refused in so many words: the list will tell
}

/** The responder does not want this session. */
export const rejection = ({ localIp, peerAsn, location }: BgpSession, said = ""): Outcome<never, "PEERING_REFUSED"> =>
  refuse("PEERING_REFUSED", `AS${String(peerAsn)} rejected the session of ${localIp} at ${location}${said === "" ? "" : `: ${said}`}`);

/** Autopeer answers 200 with the session, the draft 204; one that is gone already is fine. */
export async function deleteSession(api: PeeringApi, { session_id: id }: Session): Promise<Outcome<void>> {
  const reply = await api.call({ method: "DELETE", path: pathOf(id) });
  if (!reply.ok) return reply;
  const isGone = [200, 202, 204, 404, 410].includes(reply.value.status);
  return isGone ? ok(undefined) : declined(api, reply.value, `DELETE of session ${id}`);
}

/** A session that is only scheduled for deletion would stand in the way of its successor. */
export async function awaitDeletion(api: PeeringApi, { session_id: id }: Session): Promise<Outcome<void>> {
  const reply = await api.call({ method: "GET", path: pathOf(id) });
  if (!reply.ok) return reply;
  if (reply.value.status === 404 || reply.value.status === 410) return ok(undefined);
  if (reply.value.status !== 200) return declined(api, reply.value, `GET of session ${id}`);
  throw new TransientError("PEERING_DELETING", `session ${id} is still being deleted at ${api.host}`, { retryAfterMs: DELETING_RETRY_MS });
}

const pathOf = (sessionId: string): string => `/sessions/${encodeURIComponent(sessionId)}`;

const Page = z.looseObject({ next_token: z.union([z.string(), z.number().transform(String)]).nullish() });

/** All pages of a list. Absence of `next_token` means that no more are there. */
async function everyPage(
  api: PeeringApi,
  list: "sessions" | "locations",
  query: Readonly<Record<string, string>>,
): Promise<Outcome<readonly unknown[]>> {
  const items: unknown[] = [];
  const seen = new Set<string>();
  let token: string | undefined;
  do {
    const asked = new URLSearchParams({ ...query, max_results: String(PAGE_SIZE), ...(token === undefined ? {} : { next_token: token }) });
    const reply = await api.call({ method: "GET", path: `/${list}?${asked.toString()}` });
    if (!reply.ok) return reply;
    if (reply.value.status !== 200) return declined(api, reply.value, `GET /${list}`);
    const page = Page.safeParse(reply.value.body);
    const listed = page.data?.[list] ?? [];
    if (!page.success || !Array.isArray(listed)) throw garbled(api, `list of ${list}`);
    items.push(...listed);
    token = page.data.next_token ?? "";
    if (token !== "" && (seen.has(token) || seen.size >= MAX_PAGES))
      throw new TransientError("PEERING_UNAVAILABLE", `the list of ${list} at ${api.host} has no end`);
    seen.add(token);
  } while (token !== "");
  return ok(items);
}
