import { z } from "zod";
import { canonicalAddress } from "../../domain/intent/catalogue/bgp-peering/address.ts";
import type { BgpSession } from "../../domain/intent/catalogue/bgp-peering/payload.ts";
import type { ReachableController } from "../../domain/controllers.ts";

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? undefined);

/** A session as a Peering API shows it. Read tolerantly: other networks write these servers, and no schema of theirs marks what is required. */
export const Session = z.object({
  session_id: z.union([z.string().min(1), z.int().transform(String)]),
  local_asn: z.coerce.number(),
  local_ip: z.string(),
  peer_asn: z.coerce.number(),
  peer_ip: text,
  peer_type: text,
  location: z.object({ id: z.string(), type: text }),
  status: text,
  md5: text,
  session_secret: text,
});
export type Session = z.infer<typeof Session>;

/** Reads a list one by one: what is no session is none of ours. */
export const sessionsIn = (list: readonly unknown[]): readonly Session[] =>
  list.flatMap((item) => {
    const read = Session.safeParse(item);
    return read.success ? [read.data] : [];
  });

/** What the order names, under whatever id the responder gave it. Both sides' words for the sides are the requestor's here. */
export const isAskedFor = (session: Session, wanted: BgpSession): boolean =>
  session.local_asn === wanted.localAsn &&
  canonicalAddress(session.local_ip) === wanted.localIp &&
  session.peer_asn === wanted.peerAsn &&
  session.location.id === wanted.location &&
  // The enum is in lower case, its description in upper case.
  (session.peer_type ?? session.location.type ?? wanted.peerType).toLowerCase() === wanted.peerType;

export const isRejected = ({ status }: Session): boolean => status?.toLowerCase() === "rejected";

/** The secret that the API shows; undefined where it keeps it to itself, or shows asterisks in its place. */
export function shownSecret({ md5, session_secret }: Session): string | undefined {
  const shown = md5 ?? session_secret ?? "";
  return /^\**$/.test(shown) ? undefined : shown;
}

/** The request for one session, as `POST /sessions` of this API takes it. */
export function sessionsBody(wanted: BgpSession, secret: string | undefined, controller: ReachableController): unknown {
  const isDraft = controller.dialect === "draft-01";
  const session = {
    local_asn: wanted.localAsn,
    local_ip: wanted.localIp,
    peer_asn: wanted.peerAsn,
    peer_type: wanted.peerType,
    // RFC 9234: Peer to Peer, which is what the draft calls settlement-free peering.
    ...(isDraft ? { local_bgp_role: 4, peer_bgp_role: 4 } : {}),
    ...(secret === undefined ? {} : isDraft ? { session_secret: secret } : { md5: secret }),
    location: { id: wanted.location, type: wanted.peerType },
  };
  return controller.sessionsBody === "object" ? { sessions: [session] } : [session];
}
