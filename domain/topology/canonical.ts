/** JSON whose members come in the order of their names (by UTF-16 code unit, as RFC 8785 §3.2.3): equal values are equal bytes. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return canonicalObject(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([name, inner]) => [name, canonicalJson(inner)]),
  );
}

/** From members that are canonical JSON already. */
export const canonicalObject = (members: readonly (readonly [name: string, json: string])[]): string =>
  `{${members
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([name, json]) => `${JSON.stringify(name)}:${json}`)
    .join(",")}}`;
