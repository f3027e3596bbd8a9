export interface Backoff {
  /** How long to wait before the next try, in milliseconds. */
  next(): number;
  reset(): void;
}

/** Exponential with full jitter, so that many who lost the same peer do not all come back at once. */
export function openBackoff({
  firstMs,
  lastMs,
  chance = Math.random,
}: {
  firstMs: number;
  lastMs: number;
  chance?: () => number;
}): Backoff {
  let ceiling = firstMs;
  return {
    next() {
      const wait = Math.ceil(ceiling * chance());
      ceiling = Math.min(2 * ceiling, lastMs);
      return wait;
    },
    reset() {
      ceiling = firstMs;
    },
  };
}
