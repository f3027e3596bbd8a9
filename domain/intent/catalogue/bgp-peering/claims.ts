import { thing } from "../../conflict/limits.ts";
import type { OrderClaim } from "../../library.ts";
import type { Order } from "../../order.ts";
import { BgpSession } from "./payload.ts";

/** A session between two speakers is there once; all sessions of a speaker agree on the AS that it is in. */
export const claims = {
  executioner: "peering",
  of({ payload }: Order, origin: string): readonly OrderClaim[] {
    const { localAsn, localIp, peerAsn, location } = BgpSession.parse(payload);
    return [
      {
        kind: "SESSION_TAKEN",
        on: thing.session(origin, location, localIp, peerAsn),
        thing: `AS ${String(peerAsn)} at ${location}`,
        wants: `a session with ${localIp}`,
        rule: { is: "whole" },
      },
      {
        kind: "ASN_CONTRADICTION",
        on: thing.speaker(origin, location, localIp),
        thing: `speaker ${localIp} at ${location}`,
        wants: `AS ${String(localAsn)}`,
        rule: { is: "fact", value: String(localAsn) },
      },
    ];
  },
};
