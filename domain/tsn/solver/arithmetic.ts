export function gcd(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}

/** Least common multiple, or infinity where a double could not hold it exactly. */
export function lcm(a: number, b: number): number {
  const product = (a / gcd(a, b)) * b;
  return product <= Number.MAX_SAFE_INTEGER ? product : Number.POSITIVE_INFINITY;
}

/** The residue in [0, n), also of what is below zero. */
export const mod = (a: number, n: number): number => {
  const r = a % n;
  return r < 0 ? r + n : r;
};

/** Numbers from [0, 1), the same ones for the same seed (mulberry32: a 32-bit counter, hashed). */
export function randomFrom(seed: number): () => number {
  let counter = seed | 0;
  return () => {
    counter = (counter + 0x6d2b79f5) | 0;
    let hash = Math.imul(counter ^ (counter >>> 15), 1 | counter);
    hash = (hash + Math.imul(hash ^ (hash >>> 7), 61 | hash)) ^ hash;
    return ((hash ^ (hash >>> 14)) >>> 0) / 4_294_967_296;
  };
}
