/** One part of a multipart/form-data body (RFC 7578). */
export interface FormPart {
  readonly name: string;
  readonly filename?: string;
  readonly data: Buffer;
}

const lineEnd = Buffer.from("\r\n");
const headEnd = Buffer.from("\r\n\r\n");

/**
 * The parts of a form as browsers and FormData send it: CRLF everywhere, one Content-Disposition a part, no preamble, no nesting.
 * Undefined for anything else: a form that is not understood must not be half read.
 */
export function parseForm(contentType: string | undefined, body: unknown): readonly FormPart[] | undefined {
  const boundary = /^multipart\/form-data\s*;.*\bboundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType ?? "");
  const name = boundary?.[1] ?? boundary?.[2];
  if (name === undefined || !Buffer.isBuffer(body)) return undefined;
  const opening = Buffer.from(`--${name}`);
  const delimiter = Buffer.from(`\r\n--${name}`);
  if (!body.subarray(0, opening.length).equals(opening)) return undefined;

  const parts: FormPart[] = [];
  let at = opening.length;
  while (!startsWith(body, at, "--")) {
    if (!startsWith(body, at, "\r\n")) return undefined;
    const start = at + lineEnd.length;
    const end = body.indexOf(delimiter, start);
    if (end < 0) return undefined;
    const part = parsePart(body.subarray(start, end));
    if (part === undefined) return undefined;
    parts.push(part);
    at = end + delimiter.length;
  }
  return parts;
}

const startsWith = (body: Buffer, at: number, text: string): boolean => body.toString("latin1", at, at + text.length) === text;

function parsePart(part: Buffer): FormPart | undefined {
  const split = part.indexOf(headEnd);
  if (split < 0) return undefined;
  const head = part.toString("utf8", 0, split).split("\r\n");
  const disposition = head.find((line) => /^content-disposition:\s*form-data\s*;/i.test(line));
  if (disposition === undefined) return undefined;
  const name = quotedParameter(disposition, "name");
  if (name === undefined) return undefined;
  const filename = quotedParameter(disposition, "filename");
  const data = part.subarray(split + headEnd.length);
  return filename === undefined ? { name, data } : { name, filename, data };
}

/** WHATWG HTML's form encoding writes a quote inside a name as %22, so a quote always ends the value. */
function quotedParameter(line: string, parameter: string): string | undefined {
  const found = new RegExp(`;\\s*${parameter}="([^"]*)"`, "i").exec(line);
  return found?.[1]?.replaceAll("%22", '"').replaceAll("%0D", "\r").replaceAll("%0A", "\n");
}
