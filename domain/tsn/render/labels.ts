/** About what a letter takes of a line in a sans-serif font of this size. */
export const textWidth = (text: string, fontSize: number): number => text.length * fontSize * 0.58;

/** Shortened in the middle, so that names that differ at either end stay apart. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const head = Math.ceil((most - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (most - 1 - head))}`;
}

/** A duration in the unit that a person would choose. */
export function durationText(ns: number): string {
  if (ns === 0) return "0";
  if (ns < 1000) return `${String(ns)} ns`;
  if (ns < 1_000_000) return `${number(ns / 1000)} µs`;
  if (ns < 1_000_000_000) return `${number(ns / 1_000_000)} ms`;
  return `${number(ns / 1_000_000_000)} s`;
}

const number = (n: number): string => String(Number(n.toFixed(n < 10 ? 3 : n < 100 ? 2 : 1)));

/** 1, 2 or 5 times a power of ten, so that a span has at most so many ticks. */
export function tickStep(span: number, most: number): number {
  const least = span / most;
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((n) => n * power).find((step) => step >= least) ?? 10 * power;
}

export const rateText = (mbps: number): string => (mbps >= 1000 ? `${String(mbps / 1000)} Gbit/s` : `${String(mbps)} Mbit/s`);
