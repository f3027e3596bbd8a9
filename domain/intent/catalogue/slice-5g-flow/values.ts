import { z } from "zod";

/* The types of the 5G intents' values that no other intent has. */

/** TS 23.003: IMSI of 15 digits. */
export const supi = z.string().regex(/^imsi-\d{15}$/, "expected a SUPI: imsi- and 15 digits");

const addressText = "expected an IPv4 address, a prefix such as 10.1.0.0/16, or ANY; a range has to be written as prefixes";

/** RFC 6733 4.3.1 (IPFilterRule) has addresses and prefixes, and no ranges of addresses. */
export const remoteAddress = z.union(
  [
    z.literal("ANY").transform(() => "any"),
    z.ipv4(),
    // 1.1.1.1/32 is 1.1.1.1, so that the same flow is written in one way only.
    z.cidrv4().transform((prefix) => prefix.replace(/\/32$/, "")),
  ],
  { error: addressText },
);

const MAX_PORTS = 16;
const portsText = `expected a port from 1 to 65535, a range such as 1000-1005, at most ${String(MAX_PORTS)} of them divided by commas, or ANY`;

function portsIn(text: string): string | undefined {
  const [, first, last] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const from = Number(first ?? Number.NaN);
  const to = Number(last ?? first);
  if (!(from >= 1 && from <= to && to <= 65_535)) return undefined;
  return from === to ? String(from) : `${String(from)}-${String(to)}`;
}

/** One port, a range, or a list of both; an empty list is every port. */
export const portNumbers = z
  .union([z.int(), z.string(), z.array(z.union([z.int(), z.string()])).min(1)], { error: portsText })
  .transform((value, context) => {
    if (value === "ANY") return [];
    const parts = (Array.isArray(value) ? value.map(String) : String(value).split(/, ?/)).map(portsIn);
    const ports = parts.filter((part) => part !== undefined);
    if (ports.length === parts.length && ports.length <= MAX_PORTS) return ports;
    context.addIssue({ code: "custom", message: portsText });
    return z.NEVER;
  });

const perMbps: Readonly<Record<string, number>> = {
  "": 1,
  gbps: 1e3,
  "gbit/s": 1e3,
  mbps: 1,
  "mbit/s": 1,
  kbps: 1e-3,
  "kbit/s": 1e-3,
  bps: 1e-6,
  "bit/s": 1e-6,
};
const MAX_MBPS = 1e6;

/** Mbit/s, as Cumucore has it; whole bits a second, so that what the core reads back can be compared exactly. */
export const capacityMbps = z.union([z.number(), z.string()]).transform((value, context) => {
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z/]*)\s*$/.exec(String(value)) ?? [];
  const factor = Object.hasOwn(perMbps, (unit ?? "?").toLowerCase()) ? perMbps[(unit ?? "").toLowerCase()] : undefined;
  const mbps = Math.round(Number(number) * (factor ?? Number.NaN) * 1e6) / 1e6;
  if (mbps > 0 && mbps <= MAX_MBPS) return mbps;
  context.addIssue({
    code: "custom",
    message: "expected a number of Mbit/s of at most 1000000, or one with a unit of bps, kbps, mbps, gbps",
  });
  return z.NEVER;
});

/** RFC 3339 with its offset; the same instant always reads the same. D2.3's examples have `-1` for an offset, which is none. */
export const instant = z.iso
  .datetime({ offset: true, error: "expected a time as in RFC 3339, such as 2026-05-10T12:30:00Z", abort: true })
  .refine((text) => /T\d\d:\d\d:\d\d/.test(text), { error: "expected a time with seconds", abort: true })
  .transform((text) => new Date(text).toISOString());
