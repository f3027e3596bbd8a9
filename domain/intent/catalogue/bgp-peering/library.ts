import { z } from "zod";
import { ok, type Outcome, refuse } from "../../../outcome.ts";
import { readContexts, readTargets } from "../../attributes.ts";
import type { IntentLibrary, TranslationRefusal } from "../../library.ts";
import type { IntentExpectation } from "../../model.ts";
import type { Order } from "../../order.ts";
import { httpUrl, secretRef } from "../../values.ts";
import { canonicalAddress } from "./address.ts";
import { claims } from "./claims.ts";
import type { BgpSession } from "./payload.ts";

/** RFC 7607 (0), RFC 6793 (23456), RFC 7300 (65535, 4294967295): no session is ever with one of them. */
const reservedAsns = new Set([0, 23_456, 65_535, 4_294_967_295]);
const expectedAsn = { error: "expected an AS number from 1 to 4294967294 that is not reserved" };

/** RFC 5396 asplain: `64512` as a number or as text. */
const asNumber = z
  .union(
    [
      z.int(),
      z
        .string()
        .regex(/^[1-9]\d{0,9}$/)
        .transform(Number),
    ],
    expectedAsn,
  )
  .refine((n) => n >= 1 && n < 4_294_967_295 && !reservedAsns.has(n), expectedAsn);

/** Addresses that no BGP speaker can be reached at: this host, loopback, multicast and above. */
const unreachableAddress = /^(?:0|127|22[4-9]|2[3-5]\d)\.|^::1?$|^ff[0-9a-f]{2}:/;

const speakerAddress = z.string({ error: "expected an IPv4 or IPv6 address" }).transform((text, context) => {
  const address = canonicalAddress(text);
  if (address !== undefined && !unreachableAddress.test(address)) return address;
  context.addIssue({ code: "custom", message: "expected the IPv4 or IPv6 address of a BGP speaker" });
  return z.NEVER;
});

const location = z.string().regex(/^pdb:ix:[1-9]\d{0,9}$/, "expected an exchange of PeeringDB, such as pdb:ix:1");

// D2.3 Tables 12 and 13.
const objectContexts = z.strictObject({
  localAsn: asNumber,
  localIp: speakerAddress,
  peerAsn: asNumber,
  peerType: z.enum(["private", "public"]),
  md5: secretRef.optional(),
});
const expectationContexts = z.strictObject({ location, url: httpUrl.optional() });

export const library: IntentLibrary = {
  name: "bgp-peering",
  summary: "BGP session with another network, over its Peering API (ILU).",
  selects: [["cloud_continuum", "DELIVER", "BGP_SESSION"]],
  claims,
  translate(intent) {
    const orders: Order[] = [];
    for (const [i, expectation] of intent.intentExpectations.entries()) {
      const place = `/intentExpectations/${String(i)}`;
      const order = orderOf(expectation, place);
      if (!order.ok) return order;
      const { resource } = order.value;
      if (orders.some((other) => other.resource === resource))
        return refuse("CONTEXT_INVALID", "asks for the same session as an earlier expectation", `${place}/expectationObject`);
      orders.push(order.value);
    }
    return ok({ kind: "orders", orders });
  },
};

function orderOf(expectation: IntentExpectation, place: string): Outcome<Order, TranslationRefusal> {
  const objectPlace = `${place}/expectationObject/objectContexts`;
  const object = readContexts(objectContexts, expectation.expectationObject.objectContexts, objectPlace);
  if (!object.ok) return object;
  const targets = readTargets({}, expectation.expectationTargets, `${place}/expectationTargets`);
  if (!targets.ok) return targets;
  const where = readContexts(expectationContexts, expectation.expectationContexts, `${place}/expectationContexts`);
  if (!where.ok) return where;

  const { md5, ...named } = object.value;
  // The Peering API is between networks: inside one there is nobody to ask.
  if (named.localAsn === named.peerAsn) return refuse("CONTEXT_INVALID", "localAsn and peerAsn are the same network", objectPlace);
  const payload: BgpSession = { ...named, location: where.value.location, ...(md5 === undefined ? {} : { md5Ref: md5 }) };
  return ok({
    executioner: "peering",
    resource: resourceOf(payload),
    expectationIds: [expectation.expectationId],
    ...(where.value.url === undefined ? {} : { controller: where.value.url }),
    origins: [],
    payload,
  });
}

/**
 * Not the name of intent and expectation, which a Peering API has no place for: what tells two sessions apart there.
 * So two intents that ask for one session meet, and the later one is told whose it is.
 */
const resourceOf = ({ localAsn, localIp, peerAsn, peerType, location: at }: BgpSession): string =>
  `session/AS${String(localAsn)}/${localIp}/AS${String(peerAsn)}/${at}/${peerType}`;
