/** Reduced, as YANG's `rational-grouping` of seconds. Both parts fit in 32 bits for any whole number of nanoseconds up to four seconds. */
export function secondsOf(ns: number): { readonly numerator: number; readonly denominator: number } {
  let [a, b] = [ns, 1_000_000_000];
  while (b !== 0) [a, b] = [b, a % b];
  return { numerator: ns / a, denominator: 1_000_000_000 / a };
}

/** The first multiple of a cycle at or after a moment, in ns from the PTP epoch. */
export const nextCycleNs = (momentNs: bigint, cycleNs: number): bigint => {
  const cycle = BigInt(cycleNs);
  return ((momentNs + cycle - 1n) / cycle) * cycle;
};

/** `ptp-time-grouping`; 64-bit numbers are text in JSON (RFC 7951 6.1). */
export const ptpTimeOf = (ns: bigint): { readonly seconds: string; readonly nanoseconds: number } => ({
  seconds: String(ns / 1_000_000_000n),
  nanoseconds: Number(ns % 1_000_000_000n),
});

/** RFC 3339 with nine digits, which `Date` does not have. */
export function dateTimeOf(ns: bigint): string {
  const { seconds, nanoseconds } = ptpTimeOf(ns);
  return new Date(Number(seconds) * 1000).toISOString().replace(/\.\d+Z$/, `.${String(nanoseconds).padStart(9, "0")}Z`);
}
