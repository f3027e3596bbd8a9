import { z } from "zod";

const asn = z.int().min(1).max(4_294_967_294);

/**
 * What exec-peering is asked for: one BGP session. A session has no name of ours on a Peering API: these values but the secret are its name.
 * "Local" is the side that asks, as in the API's data type: the requestor. "Peer" is the side that the API belongs to: the responder.
 */
export const BgpSession = z.strictObject({
  localAsn: asn,
  /** Canonical, IPv4 or IPv6. */
  localIp: z.string().min(2),
  peerAsn: asn,
  peerType: z.enum(["private", "public"]),
  /** `pdb:ix:<id>`: an Internet exchange by its number in PeeringDB. */
  location: z.string().min(1),
  /** The reference of a sealed TCP MD5 key (RFC 2385). */
  md5Ref: z.string().min(1).optional(),
});
export type BgpSession = z.infer<typeof BgpSession>;
