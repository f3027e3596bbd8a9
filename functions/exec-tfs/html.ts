/** A tag of a page, or the text between two tags. Comments, scripts and styles are left out. */
export type Token =
  | { readonly kind: "open" | "close"; readonly name: string; readonly attributes: string }
  | { readonly kind: "text"; readonly text: string };

/** One pass, linear in the page's length whatever is in it; a page that is cut off just ends. */
export function* tokens(page: string): Generator<Token> {
  let at = 0;
  while (at < page.length) {
    const start = page.indexOf("<", at);
    if (start !== at) {
      const text = page.slice(at, start === -1 ? page.length : start);
      yield { kind: "text", text: unescapeHtml(text) };
      if (start === -1) return;
    }
    if (page.startsWith("<!--", start)) {
      at = after(page, "-->", start + 4);
      continue;
    }
    const end = tagEnd(page, start + 1);
    const closing = page[start + 1] === "/";
    const inside = page.slice(start + (closing ? 2 : 1), end);
    const name = /^[a-z][a-z0-9-]*/i.exec(inside)?.[0].toLowerCase();
    at = end + 1;
    if (name === undefined) continue;
    yield { kind: closing ? "close" : "open", name, attributes: inside.slice(name.length) };
    if (!closing && (name === "script" || name === "style")) at = after(page, `</${name}`, at) - name.length - 2;
  }
}

function after(page: string, mark: string, from: number): number {
  const found = page.indexOf(mark, from);
  return found === -1 ? page.length + mark.length : found + mark.length;
}

/** The `>` that ends a tag, which one inside a quoted attribute does not. */
function tagEnd(page: string, from: number): number {
  let quote = "";
  for (let at = from; at < page.length; at++) {
    const char = page[at] as string;
    if (quote !== "") {
      if (char === quote) quote = "";
    } else if (char === ">") return at;
    else if (char === '"' || char === "'") quote = char;
  }
  return page.length;
}

export function attribute(attributes: string, name: string): string | undefined {
  for (const [, key, double, single, bare] of attributes.matchAll(/([^\s=/"']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+)))?/g)) {
    if (key?.toLowerCase() === name) return unescapeHtml(double ?? single ?? bare ?? "");
  }
  return undefined;
}

const named: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

export function unescapeHtml(text: string): string {
  if (!text.includes("&")) return text;
  return text.replaceAll(/&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|([a-z]+));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) return named[name] ?? whole;
    const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}
