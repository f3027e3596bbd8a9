/** Whole numbers of [0, 2^32) that a seed gives again, everywhere (splitmix32: a counter, hashed). */
export function words32(seed: number): () => number {
  let counter = seed >>> 0;
  return () => {
    counter = (counter + 0x9e3779b9) >>> 0;
    let z = counter;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
}

/** Numbers of [0, 1) that a seed gives again. 32 bits of state: for choices and simulated lives, not for statistics or secrets. */
export function generator(seed: number): () => number {
  const next = words32(seed);
  return () => next() / 2 ** 32;
}
