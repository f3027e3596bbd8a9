/**
 * What an answer says went wrong, as one line. Three shapes are about (bgp/autopeer `openapi.yaml`):
 * `{errors: [{name, messages: […]}]}` in its example, `{errors: [{name, errors: […]}]}` by FieldError, `{errors: {errors: […]}}` by
 * ErrorResponse; and a gateway in front answers RFC 9457's `{title, detail}` or `{message}`.
 */
export const errorWords = (body: unknown): string => wordsIn(body).join("; ").replaceAll(/\s+/g, " ").trim().slice(0, 300);

const inside = ["errors", "messages", "message", "detail", "title", "error"];

function wordsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return value === "" ? [] : [value];
  if (Array.isArray(value)) return value.slice(0, 20).flatMap(wordsIn);
  if (typeof value !== "object" || value === null) return [];
  const fields = value as Readonly<Record<string, unknown>>;
  const said = inside.flatMap((field) => (Object.hasOwn(fields, field) ? wordsIn(fields[field]) : []));
  const { name } = fields;
  return typeof name === "string" && name !== "" && said.length > 0 ? [`${name}: ${said.join(", ")}`] : said;
}
