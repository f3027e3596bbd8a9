import { LineCounter, parseAllDocuments, visit, type Document as YamlDocument } from "yaml";
import { ok, type Outcome, refuse } from "../../domain/outcome.ts";

export const LIMITS = {
  bytes: 1_048_576,
  documents: 1_000,
  depth: 32,
  /** Separators, a measure of how many nodes a parser would have to make: 200,000 take a YAML parser four seconds. */
  separators: 100_000,
} as const;

export type ParseRefusal = "INPUT_TOO_LARGE" | "INPUT_TOO_DEEP" | "INPUT_TOO_MANY" | "INPUT_UNPARSABLE" | "INPUT_ALIAS" | "INPUT_TAG";

/** One document of a file, before anybody knows whether it is an intent. */
export interface ParsedDocument {
  readonly value: unknown;
  /** Line of a path such as `/Intent/id`, or of the nearest thing above it; undefined for JSON. */
  lineOf(path: string): number | undefined;
}

type Parsed = Outcome<readonly ParsedDocument[], ParseRefusal>;

/**
 * Bytes of anybody into documents: YAML 1.2 with any number of `---` documents, a JSON object, or a JSON array of documents.
 * Size, nesting and number are limited before a parser sees them; aliases, tags and duplicate keys are refused.
 */
export function parseDocuments(bytes: Buffer): Parsed {
  if (bytes.length > LIMITS.bytes) return refuse("INPUT_TOO_LARGE", `${String(bytes.length)} bytes; at most ${String(LIMITS.bytes)} are taken`);
  const text = bytes.toString("utf8").replace(/^\uFEFF/, "");
  if (text.trim() === "") return refuse("INPUT_UNPARSABLE", "there is no document in it");
  const limited = withinLimits(text);
  if (!limited.ok) return limited;
  const parsed = /^\s*[{[]/.test(text) ? parseJson(text) : parseYaml(text);
  if (!parsed.ok) return parsed;
  if (parsed.value.length > LIMITS.documents)
    return refuse("INPUT_TOO_MANY", `${String(parsed.value.length)} documents; at most ${String(LIMITS.documents)} are taken`);
  const deep = parsed.value.find(({ value }) => depthOf(value) > LIMITS.depth);
  return deep === undefined ? parsed : refuse("INPUT_TOO_DEEP", `nested more than ${String(LIMITS.depth)} deep`);
}

/** One pass over the characters. Brackets in quoted text count too: an intent has no use for 32 of them. */
function withinLimits(text: string): Outcome<void, ParseRefusal> {
  let depth = 0;
  let separators = 0;
  let dashes = 0;
  for (let i = 0; i < text.length; i += 1) {
    const c = text.charCodeAt(i);
    if (c === 0x5b || c === 0x7b) depth += 1;
    else if (c === 0x5d || c === 0x7d) depth -= 1;
    else if (c === 0x2c || c === 0x3a) separators += 1;
    else if (c === 0x0a) {
      separators += 1;
      dashes = 0;
    } else if (c === 0x2d && text.charCodeAt(i + 1) === 0x20) dashes += 1;
    if (depth > LIMITS.depth || dashes > LIMITS.depth)
      return refuse("INPUT_TOO_DEEP", `nested more than ${String(LIMITS.depth)} deep`, `line ${String(lineAt(text, i))}`);
    if (separators > LIMITS.separators)
      return refuse("INPUT_TOO_LARGE", `more than ${String(LIMITS.separators)} lines, keys and items`, `line ${String(lineAt(text, i))}`);
  }
  return ok(undefined);
}

const lineAt = (text: string, end: number): number => text.slice(0, end).split("\n").length;

function parseJson(text: string): Parsed {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // A YAML flow mapping opens like JSON and is not.
    const yaml = parseYaml(text);
    return yaml.ok ? yaml : refuse("INPUT_UNPARSABLE", `not JSON: ${withoutExcerpt(error)}`);
  }
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.length === 0 ? refuse("INPUT_UNPARSABLE", "an empty list") : ok(values.map((item) => ({ value: item, lineOf: () => undefined })));
}

/** V8 quotes the text around the place, which may be a token. */
const withoutExcerpt = (error: unknown): string => (error instanceof Error ? (/\(line \d+ column \d+\)|position \d+/.exec(error.message)?.[0] ?? "syntax") : "syntax");

function parseYaml(text: string): Parsed {
  const lines = new LineCounter();
  // The schema's own errors quote no values; `prettyErrors` would print the line, which may hold a token.
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, stringKeys: true, uniqueKeys: true });
  const documents: ParsedDocument[] = [];
  for (const document of parsed) {
    const line = (offset: number | undefined): string => `line ${String(lines.linePos(offset ?? 0).line)}`;
    const [fault] = document.errors;
    if (fault !== undefined) return refuse("INPUT_UNPARSABLE", `not YAML: ${fault.code}`, line(fault.pos[0]));
    const forbidden = findForbidden(document);
    if (forbidden !== undefined) return refuse(forbidden.code, forbidden.reason, line(forbidden.offset));
    if (document.contents === null) continue;
    const value: unknown = document.toJS();
    documents.push({ value, lineOf: (path) => lineOfPath(document, lines, path) });
  }
  return documents.length === 0 ? refuse("INPUT_UNPARSABLE", "there is no document in it") : ok(documents);
}

function findForbidden(document: YamlDocument): { code: ParseRefusal; reason: string; offset: number | undefined } | undefined {
  let found: ReturnType<typeof findForbidden>;
  visit(document, {
    Alias: (_key, node) => {
      found = { code: "INPUT_ALIAS", reason: "aliases are not taken: write the value out", offset: node.range?.[0] };
      return visit.BREAK;
    },
    Node: (_key, node) => {
      if (!("tag" in node) || node.tag === undefined || !/^!/.test(String(node.tag))) return undefined;
      found = { code: "INPUT_TAG", reason: "tags are not taken: an intent needs none", offset: node.range?.[0] };
      return visit.BREAK;
    },
  });
  return found;
}

function lineOfPath(document: YamlDocument, lines: LineCounter, path: string): number | undefined {
  const steps = path.split("/").slice(1);
  for (let length = steps.length; length >= 0; length -= 1) {
    const node: unknown = length === 0 ? document.contents : document.getIn(steps.slice(0, length), true);
    const range = typeof node === "object" && node !== null && "range" in node ? (node.range as readonly number[] | undefined) : undefined;
    if (range?.[0] !== undefined) return lines.linePos(range[0]).line;
  }
  return undefined;
}

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let deepest = 0;
  for (const inner of Object.values(value)) deepest = Math.max(deepest, depthOf(inner));
  return deepest + 1;
}
