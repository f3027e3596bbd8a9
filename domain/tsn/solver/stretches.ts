import { mod } from "./arithmetic.ts";
import type { Constraints, PhaseWindow } from "./no-wait.ts";

/** The forbidden phases of all constraints of one modulus, as disjoint open stretches in rising order that cover the residues [0, g). */
interface Ring {
  readonly g: number;
  readonly from: number[];
  readonly to: number[];
}

function ringOf(g: number, arcs: (readonly [number, number])[]): Ring {
  for (const [lo, hi] of [...arcs]) if (hi > g) arcs.push([lo - g, hi - g]);
  arcs.sort((a, b) => a[0] - b[0]);
  const from: number[] = [];
  const to: number[] = [];
  for (const [lo, hi] of arcs) {
    const last = to.length - 1;
    // Where one ends and the next starts, the border itself is free.
    if (last >= 0 && lo < (to[last] as number)) to[last] = Math.max(to[last] as number, hi);
    else {
      from.push(lo);
      to.push(hi);
    }
  }
  return { g, from, to };
}

/** How many stretches start before r. */
function countBefore({ from }: Ring, r: number): number {
  let low = 0;
  let high = from.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((from[middle] as number) < r) low = middle + 1;
    else high = middle;
  }
  return low;
}

function ringsOf({ lo, len, g, size }: Constraints): readonly Ring[] {
  const arcs = new Map<number, (readonly [number, number])[]>();
  for (let c = 0; c < size; c++) {
    const modulus = g[c] as number;
    const arc = [lo[c] as number, (lo[c] as number) + (len[c] as number)] as const;
    const known = arcs.get(modulus);
    if (known === undefined) arcs.set(modulus, [arc]);
    else known.push(arc);
  }
  return [...arcs].map(([modulus, list]) => ringOf(modulus, list));
}

/** Calls back for every stretch of free phases in the window, both ends included, in rising order, until it answers true. */
export function eachFreeStretch(constraints: Constraints, { first, last }: PhaseWindow, look: (from: number, to: number) => boolean): void {
  const rings = ringsOf(constraints);
  for (let phase = first; phase <= last;) {
    let end = last;
    let jump = 0;
    for (const ring of rings) {
      const r = mod(phase, ring.g);
      const n = countBefore(ring, r);
      const until = n === 0 ? r : (ring.to[n - 1] as number);
      if (until > r) {
        jump = until - r;
        break;
      }
      const next = ring.from[n] ?? ring.g + (ring.from.find((at) => at >= 0) ?? 0);
      end = Math.min(end, phase + next - r);
    }
    if (jump > 0) phase += jump;
    else if (look(phase, end)) return;
    else phase = end + 1;
  }
}
