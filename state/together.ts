/** What one of those who were served together gets: its own answer, or its own fault. */
export type Served<R> = { readonly ok: true; readonly value: R } | { readonly ok: false; readonly error: unknown };

interface Asking<A, R> {
  readonly ask: A;
  readonly settle: (served: Served<R>) => void;
}

/**
 * One at a time at each key; whoever comes meanwhile is served together, next, in the order of coming. Optimistic writers of one process would
 * else spend their time on undoing each other: twenty at once make two hundred tries.
 */
export function together<A, R>(
  serve: (key: string, asks: readonly A[]) => Promise<readonly Served<R>[]>,
): (key: string, ask: A) => Promise<R> {
  const waiting = new Map<string, Asking<A, R>[]>();

  async function serveAll(key: string): Promise<void> {
    for (let group = waiting.get(key) ?? []; group.length > 0; group = waiting.get(key) ?? []) {
      waiting.set(key, []);
      const served = await serve(
        key,
        group.map(({ ask }) => ask),
      ).catch((error: unknown) => group.map((): Served<R> => ({ ok: false, error })));
      group.forEach(({ settle }, i) => settle(served[i] ?? { ok: false, error: new Error("nobody was served") }));
    }
    waiting.delete(key);
  }

  return (key, ask) =>
    new Promise((resolve, reject) => {
      // What is given is what was thrown.
      const settle = (served: Served<R>): void => (served.ok ? resolve(served.value) : reject(served.error as Error));
      const group = waiting.get(key);
      if (group !== undefined) group.push({ ask, settle });
      else {
        waiting.set(key, [{ ask, settle }]);
        void serveAll(key);
      }
    });
}
