import { mod } from "./arithmetic.ts";
import type { Constraints, PhaseWindow } from "./no-wait.ts";

/** The forbidden phases of all constraints of one modulus, as disjoint open stretches in rising order that cover the residues [0, g). */
interface Ring {
  g: number;
  readonly from: number[];
  readonly to: number[];
  size: number;
}

/** Constraints sort as numbers: (lo + g) · 2²¹ + length, which doubles hold for what is shorter than 2 ms in moduli of less than 2 s. */
const LENGTHS = 2 ** 21;
const LARGEST = 2 ** 31;

const rings: Ring[] = [];
let keys = new Float64Array(1024);

function ringAt(i: number): Ring {
  let ring = rings[i];
  if (ring === undefined) {
    ring = { g: 0, from: [], to: [], size: 0 };
    rings[i] = ring;
  }
  return ring;
}

/** One ring a modulus; they are kept between calls, and only the first so many count. */
function buildRings({ lo, len, g, size }: Constraints): number {
  let count = 0;
  if (keys.length < 2 * size) keys = new Float64Array(4 * size);
  const moduli = new Set<number>();
  for (let c = 0; c < size; c++) moduli.add(g[c] as number);
  for (const modulus of moduli) {
    let n = 0;
    let fine = modulus < LARGEST;
    for (let c = 0; c < size; c++) {
      if (g[c] !== modulus) continue;
      const [from, length] = [lo[c] as number, len[c] as number];
      if (length >= LENGTHS) fine = false;
      keys[n++] = (from + modulus) * LENGTHS + length;
      if (from + length > modulus) keys[n++] = from * LENGTHS + length;
    }
    const ring = ringAt(count++);
    ring.g = modulus;
    ring.size = 0;
    if (fine) {
      const sorted = keys.subarray(0, n).sort();
      for (let i = 0; i < n; i++) {
        const key = sorted[i] as number;
        const length = key % LENGTHS;
        extend(ring, (key - length) / LENGTHS - modulus, length);
      }
    } else fillSlowly(ring, { lo, len, g, size });
  }
  return count;
}

function fillSlowly(ring: Ring, { lo, len, g, size }: Pick<Constraints, "lo" | "len" | "g" | "size">): void {
  const arcs: [number, number][] = [];
  for (let c = 0; c < size; c++) {
    if (g[c] !== ring.g) continue;
    const [from, length] = [lo[c] as number, len[c] as number];
    arcs.push([from, length]);
    if (from + length > ring.g) arcs.push([from - ring.g, length]);
  }
  for (const [from, length] of arcs.toSorted((a, b) => a[0] - b[0])) extend(ring, from, length);
}

/** Where one stretch ends and the next starts, the border itself is free: they stay two. */
function extend(ring: Ring, from: number, length: number): void {
  const last = ring.size - 1;
  const to = from + length;
  if (last >= 0 && from < (ring.to[last] as number)) {
    if (to > (ring.to[last] as number)) ring.to[last] = to;
  } else {
    ring.from[ring.size] = from;
    ring.to[ring.size++] = to;
  }
}

/** How many stretches start before r. */
function countBefore({ from, size }: Ring, r: number): number {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((from[middle] as number) < r) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The first start of the next turn. */
function firstStart({ g, from, size }: Ring): number {
  for (let i = 0; i < size; i++) if ((from[i] as number) >= 0) return g + (from[i] as number);
  return g;
}

/** Calls back for every stretch of free phases in the window, both ends included, in rising order, until it answers true. Must not call itself. */
export function eachFreeStretch(constraints: Constraints, { first, last }: PhaseWindow, look: (from: number, to: number) => boolean): void {
  const count = buildRings(constraints);
  for (let phase = first; phase <= last;) {
    let end = last;
    let jump = 0;
    for (let i = 0; i < count; i++) {
      const ring = rings[i] as Ring;
      const r = mod(phase, ring.g);
      const n = countBefore(ring, r);
      if (n > 0 && (ring.to[n - 1] as number) > r) {
        jump = (ring.to[n - 1] as number) - r;
        break;
      }
      const next = n < ring.size ? (ring.from[n] as number) : firstStart(ring);
      end = Math.min(end, phase + next - r);
    }
    if (jump > 0) phase += jump;
    else if (look(phase, end)) return;
    else phase = end + 1;
  }
}

/** The first free phase of the window, or -1. */
export function firstFree(constraints: Constraints, window: PhaseWindow): number {
  let found = -1;
  eachFreeStretch(constraints, window, (from) => {
    found = from;
    return true;
  });
  return found;
}
