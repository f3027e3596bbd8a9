import type { HostedFunction } from "./function.ts";

type Resources = Readonly<Record<string, unknown>>;

/** Opens what the functions need, each opener once: functions that name the same opener share the store that it opens. */
export function openResources<B>(functions: readonly HostedFunction<B>[], backing: B): ReadonlyMap<string, Resources> {
  const opened = new Map<(backing: B) => unknown, unknown>();
  const open = (opener: (backing: B) => unknown): unknown => {
    if (!opened.has(opener)) opened.set(opener, opener(backing));
    return opened.get(opener);
  };
  return new Map(
    functions.map((fn) => [fn.name, Object.fromEntries(Object.entries(fn.resources).map(([name, opener]) => [name, open(opener)]))]),
  );
}
