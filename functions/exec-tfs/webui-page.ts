import { attribute, tokens } from "./html.ts";

/** One of the messages that TeraFlowSDN's WebUI shows once, at the top of the next page. */
export interface Alert {
  /** `success`, `error`, `danger`, …: what follows `alert-` in the class. */
  readonly level: string;
  readonly text: string;
}

const tidy = (text: string): string => text.replaceAll(/\s+/g, " ").trim();

export function alerts(page: string): readonly Alert[] {
  const found: Alert[] = [];
  let open: { level: string; text: string; depth: number } | undefined;
  for (const token of tokens(page)) {
    if (open === undefined) {
      if (token.kind !== "open" || token.name !== "div") continue;
      const classes = attribute(token.attributes, "class")?.split(/\s+/) ?? [];
      const level = classes.find((one) => one.startsWith("alert-") && one !== "alert-dismissible")?.slice("alert-".length);
      if (classes.includes("alert") && level !== undefined) open = { level, text: "", depth: 1 };
    } else if (token.kind === "text") open.text += token.text;
    else if (token.name === "div") {
      open.depth += token.kind === "open" ? 1 : -1;
      if (open.depth > 0) continue;
      found.push({ level: open.level, text: tidy(open.text) });
      open = undefined;
    }
  }
  return found;
}

/** The token of the page's forms (they share one), or undefined where the WebUI runs without CSRF protection. */
export function csrfToken(page: string): string | undefined {
  for (const token of tokens(page)) {
    if (token.kind !== "open" || token.name !== "input" || attribute(token.attributes, "name") !== "csrf_token") continue;
    const value = attribute(token.attributes, "value");
    if (value !== undefined && /^[\x21-\x7e]+$/.test(value)) return value;
  }
  return undefined;
}

/** Why the WebUI showed its form again: what it says about the CSRF token, else its alerts. */
export function complaint(page: string): string {
  for (const token of tokens(page)) if (token.kind === "text" && /\bCSRF\b/.test(token.text)) return tidy(token.text);
  return alerts(page)
    .map(({ text }) => text)
    .join("; ");
}

/** Cookies as the WebUI names them: with a colon in the name, which no RFC 6265 parser takes, so a pair stays an opaque text. */
export function mergeCookies(held: readonly string[], setCookie: string | string[] | undefined): readonly string[] {
  const pairs = new Map(held.map((pair) => [cookieName(pair), pair]));
  for (const line of [setCookie ?? []].flat()) {
    const pair = (line.split(";", 1)[0] ?? "").trim();
    if (pair !== "") pairs.set(cookieName(pair), pair);
  }
  return [...pairs.values()];
}

const cookieName = (pair: string): string => pair.split("=", 1)[0] ?? pair;

// JSON text has no raw line break and the token is one printable word, so neither can hold a delimiter's line.
const boundary = "underlay-descriptor";

/** The upload form: the descriptor as a file whose name must end in `.json`, and the token if the page had one. */
export function uploadForm(descriptor: string, token: string | undefined): { readonly type: string; readonly body: string } {
  const field = token === undefined ? "" : `--${boundary}\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n${token}\r\n`;
  const file = 'Content-Disposition: form-data; name="descriptors"; filename="underlay.json"\r\nContent-Type: application/json';
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    body: `${field}--${boundary}\r\n${file}\r\n\r\n${descriptor}\r\n--${boundary}--\r\n`,
  };
}
