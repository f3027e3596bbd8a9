import { canonicalJson } from "./canonical.ts";

type Members = Readonly<Record<string, unknown>>;

const isMembers = (value: unknown): value is Members => typeof value === "object" && value !== null && !Array.isArray(value);

/** RFC 7396 §2: what a patch makes of a value. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isMembers(patch)) return patch;
  const made = new Map(Object.entries(isMembers(target) ? target : {}));
  for (const [name, change] of Object.entries(patch)) {
    if (change === null) made.delete(name);
    else made.set(name, applyMergePatch(made.get(name), change));
  }
  return Object.fromEntries(made);
}

/**
 * The merge patch that makes `after` of `before`; undefined where they are equal. Arrays are replaced as a whole. `after` must have no member
 * that is null, which in a patch means that it is gone (RFC 7396 §1).
 */
export function mergePatchOf(before: unknown, after: unknown): unknown {
  if (!isMembers(before) || !isMembers(after)) return canonicalJson(before) === canonicalJson(after) ? undefined : after;
  const patch: [string, unknown][] = [];
  for (const name of Object.keys(before)) if (!Object.hasOwn(after, name)) patch.push([name, null]);
  for (const [name, value] of Object.entries(after)) {
    const change = Object.hasOwn(before, name) ? mergePatchOf(before[name], value) : value;
    if (change !== undefined) patch.push([name, change]);
  }
  return patch.length === 0 ? undefined : Object.fromEntries(patch);
}
