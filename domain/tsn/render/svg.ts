type Attributes = Readonly<Record<string, string | number | undefined>>;

/** Text of an element; what is inside is markup already. */
export function element(tag: string, attributes: Attributes, ...inside: readonly string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escaped(typeof value === "number" ? rounded(value) : (value ?? ""))}"`)
    .join("");
  return inside.length === 0 ? `<${tag}${written}/>` : `<${tag}${written}>${inside.join("")}</${tag}>`;
}

/** Two digits after the point are a hundredth of a pixel. */
const rounded = (n: number): string => String(Math.round(n * 100) / 100);

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** For text and attributes alike. Characters that XML 1.0 has no place for are left out. */
export const escaped = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- control characters are what it takes out
  text.replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, "").replaceAll(/[&<>"']/g, (c) => entities[c] ?? "");
