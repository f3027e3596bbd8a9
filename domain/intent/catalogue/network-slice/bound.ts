import { z } from "zod";
import type { MetricBound } from "./payload.ts";

type Unit = MetricBound["unit"];
type Bound = Pick<MetricBound, "unit" | "bound">;

/** The model's units of one quantity, the greatest first, with how many decimal places each is above the smallest. */
type Ladder = readonly (readonly [unit: Unit, places: number])[];

const bandwidthUnits: Ladder = [
  ["Gbps", 9],
  ["Mbps", 6],
  ["Kbps", 3],
  ["bps", 0],
];
// The model has seconds too, and TeraFlowSDN does not read them: a second is 1000 milliseconds.
const delayUnits: Ladder = [
  ["milliseconds", 6],
  ["microseconds", 3],
  ["nanoseconds", 0],
];

const bandwidthPlaces = { gbps: 9, "gbit/s": 9, mbps: 6, "mbit/s": 6, kbps: 3, "kbit/s": 3, bps: 0, "bit/s": 0 };
const delayPlaces = { s: 9, ms: 6, us: 3, µs: 3, ns: 0 };

const uint64Max = 2n ** 64n - 1n;

/** A bare number has no unit to be read in: elsewhere D2.3 means Gbit/s, here its example is in Mbps. */
const bound = (placesOf: Readonly<Record<string, number>>, ladder: Ladder, example: string) => {
  const expected = `expected a positive number and a unit of ${Object.keys(placesOf).join(", ")}, such as ${example}`;
  return z.string({ error: expected }).transform((text, context): Bound => {
    const read = inWholeUnits(text, placesOf, ladder);
    if (read !== undefined) return read;
    context.addIssue({ code: "custom", message: expected });
    return z.NEVER;
  });
};

/** In the unit that it was given in, or in the next smaller one in which it is whole: 15.2 ms are 15200 microseconds. No floating point. */
function inWholeUnits(text: string, placesOf: Readonly<Record<string, number>>, ladder: Ladder): Bound | undefined {
  const [, whole, fraction = "", name] = /^\s*(\d{1,20})(?:\.(\d{1,20}))?\s*([A-Za-zµ/]+)\s*$/.exec(text) ?? [];
  const key = name?.toLowerCase() ?? "";
  const places = Object.hasOwn(placesOf, key) ? placesOf[key] : undefined;
  if (whole === undefined || places === undefined) return undefined;
  const decimals = fraction.replace(/0+$/, "");
  const digits = BigInt(whole + decimals);
  const rung = ladder.find(([, atLeast]) => decimals.length <= places - atLeast);
  if (rung === undefined) return undefined;
  const [unit, above] = rung;
  const value = digits * 10n ** BigInt(places - above - decimals.length);
  return value > 0n && value <= uint64Max ? { unit, bound: String(value) } : undefined;
}

export const bandwidthBound = bound(bandwidthPlaces, bandwidthUnits, "5000 Mbps");
export const delayBound = bound(delayPlaces, delayUnits, "10 ms");
