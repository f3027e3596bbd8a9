import type { HostedFunction } from "../../runtime/function.ts";

/** What a function's resources take of what a deployment gives: asked of the openers themselves, so that no list can be out of date. */
export function needsOf({ name, resources }: HostedFunction<unknown>): ReadonlySet<string> {
  const asked = new Set<string>();
  const given: Readonly<Record<string, unknown>> = { controllers: [], sealKey: Buffer.alloc(32) };
  const backing = new Proxy(given, {
    get(target, key) {
      asked.add(String(key));
      return target[String(key)];
    },
  });
  for (const [resource, open] of Object.entries(resources))
    try {
      (open as (backing: unknown) => unknown)(backing);
    } catch (cause) {
      throw new Error(`${name}: its resource ${resource} cannot be opened to see what it needs`, { cause });
    }
  // Settings of scaling have keys that are made from the seal key, one and the same for every function.
  if (asked.has("learning")) asked.add("sealKey");
  return asked;
}
