import type { Event } from "../../events/define.ts";
import type { HostedFunction } from "../function.ts";
import { isFor } from "../invoke.ts";

/** The functions that an event is handed to in memory; none when it has to take its hop. */
export type HandOver<B> = (event: Event) => readonly HostedFunction<B>[];

/**
 * An event stays in the process only where every function that consumes it is fused: otherwise it would reach some of them twice,
 * or some of them not at all. `elsewhere` are the functions that other processes host.
 */
export function fusion<B>(
  fuse: ReadonlySet<string>,
  functions: readonly HostedFunction<B>[],
  elsewhere: readonly HostedFunction<B>[] = [],
): HandOver<B> {
  const hosted = new Set(functions.map(({ name }) => name));
  const unknown = [...fuse].filter((name) => !hosted.has(name));
  if (unknown.length > 0) throw new Error(`FUSE names what this process does not host: ${unknown.join(", ")}`);
  if (fuse.size === 0) return () => [];

  const byType = new Map<string, HostedFunction<B>[]>();
  for (const fn of [...functions, ...elsewhere]) for (const { type } of fn.on) byType.set(type, [...(byType.get(type) ?? []), fn]);
  return (event) => {
    const consumers = (byType.get(event.type) ?? []).filter((fn) => isFor(fn, event));
    return consumers.every(({ name }) => fuse.has(name)) ? consumers : [];
  };
}
