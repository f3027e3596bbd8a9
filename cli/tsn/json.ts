/**
 * JSON with one line for each stream, port, node and link: a person finds one, `grep` and `diff` work, and a schedule of thousands of streams has
 * half the size of an indented one.
 */
export function linesOfJson(value: unknown, indent = ""): string {
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    if (!value.some(isObject)) return JSON.stringify(value);
    return `[\n${value.map((item) => deeper + JSON.stringify(item)).join(",\n")}\n${indent}]`;
  }
  if (!isObject(value)) return JSON.stringify(value) ?? "null";
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  if (members.length === 0) return "{}";
  return `{\n${members.map(([name, member]) => `${deeper}${JSON.stringify(name)}: ${linesOfJson(member, deeper)}`).join(",\n")}\n${indent}}`;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null;
