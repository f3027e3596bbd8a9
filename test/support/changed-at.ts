type Json = Record<string, unknown>;

/** A JSON document with another value at a place, whose steps are told apart by spaces; undefined takes away what is there. */
export function changedAt(text: string, path: string, value: unknown): unknown {
  const document = JSON.parse(text) as Json;
  const steps = path.split(" ");
  const parent = steps.slice(0, -1).reduce<Json>((at, step) => at[step] as Json, document);
  const last = steps.at(-1) ?? "";
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return document;
}
