/**
 * The text that TeraFlowSDN makes of a `resource_value` that is no string: Python's `json.dumps(value, sort_keys=True, indent=0)`,
 * line breaks included. A client that compares such texts instead of what they mean finds a difference where there is none.
 */
export function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "[]" : `[\n${value.map(pythonJson).join(",\n")}\n]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return entries.length === 0 ? "{}" : `{\n${entries.map(([k, v]) => `${quoted(k)}: ${pythonJson(v)}`).join(",\n")}\n}`;
  }
  return typeof value === "string" ? quoted(value) : JSON.stringify(value);
}

const beyondAscii = /[\u007f-\uffff]/;

/** json.dumps writes ASCII only. */
function quoted(text: string): string {
  const json = JSON.stringify(text);
  if (!beyondAscii.test(json)) return json;
  return json.replaceAll(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** As the descriptor tools do it: objects and lists become JSON, any other value what Python's `str()` says. */
export function resourceText(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "True" : "False";
  if (value === null) return "None";
  return typeof value === "object" ? pythonJson(value) : JSON.stringify(value);
}
