import { Composer, isAlias, isMap, isScalar, LineCounter, Parser, visit, type Document as YamlDocument, type YAMLMap } from "yaml";
import { ok, type Outcome, refuse } from "../../domain/outcome.ts";

export const LIMITS = {
  bytes: 1_048_576,
  documents: 1_000,
  depth: 32,
  /** Separators and brackets, a measure of how many nodes a parser would have to make: 200,000 take a YAML parser four seconds. */
  separators: 100_000,
  /** Places where an anchor, an alias, a tag or a complex key could begin. An intent has none, and a parser is slow at telling them. */
  marks: 5_000,
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
  if (bytes.length > LIMITS.bytes)
    return refuse("INPUT_TOO_LARGE", `${String(bytes.length)} bytes; at most ${String(LIMITS.bytes)} are taken`);
  const text = bytes.toString("utf8").replace(/^\uFEFF/, "");
  if (text.trim() === "") return refuse("INPUT_UNPARSABLE", "there is no document in it");
  const limited = withinLimits(text);
  if (!limited.ok) return limited;
  const parsed = /^\s*[{[]/.test(text) ? parseJson(text) : parseYaml(text);
  if (!parsed.ok) return parsed;
  if (parsed.value.length > LIMITS.documents)
    return refuse("INPUT_TOO_MANY", `${String(parsed.value.length)} documents; at most ${String(LIMITS.documents)} are taken`);
  const deep = parsed.value.find(({ value }) => isDeeperThan(LIMITS.depth, value));
  return deep === undefined ? parsed : refuse("INPUT_TOO_DEEP", tooDeep);
}

/** One pass over the characters. Brackets in quoted text count too: an intent has no use for 32 of them. */
function withinLimits(text: string): Outcome<void, ParseRefusal> {
  let depth = 0;
  let separators = 0;
  let dashes = 0;
  let marks = 0;
  for (let i = 0; i < text.length; i += 1) {
    switch (text.charAt(i)) {
      case "[":
      case "{":
        depth += 1;
        separators += 1;
        break;
      case "]":
      case "}":
        depth = Math.max(0, depth - 1);
        separators += 1;
        break;
      case ",":
      case ":":
      case "#":
        separators += 1;
        break;
      case "\n":
        separators += 1;
        dashes = 0;
        break;
      case "-":
        if (text[i + 1] === " ") dashes += 1;
        break;
      case "&":
      case "*":
      case "!":
      case "?":
        if (/[\s[{,]/.test(text[i - 1] ?? " ")) marks += 1;
        break;
      default:
    }
    const line = (): string => `line ${String(lineAt(text, i))}`;
    if (depth > LIMITS.depth || dashes > LIMITS.depth) return refuse("INPUT_TOO_DEEP", tooDeep, line());
    if (separators > LIMITS.separators)
      return refuse("INPUT_TOO_LARGE", `more than ${String(LIMITS.separators)} lines, keys and items`, line());
    if (marks > LIMITS.marks) return refuse("INPUT_TOO_LARGE", `more than ${String(LIMITS.marks)} anchors, aliases and tags`, line());
  }
  return ok(undefined);
}

const tooDeep = `nested more than ${String(LIMITS.depth)} deep`;

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
  return values.length === 0
    ? refuse("INPUT_UNPARSABLE", "an empty list")
    : ok(values.map((item) => ({ value: item, lineOf: () => undefined })));
}

/** V8 quotes the text around the place, which may be a token. */
const withoutExcerpt = (error: unknown): string =>
  error instanceof Error ? (/\(line \d+ column \d+\)|position \d+/.exec(error.message)?.[0] ?? "syntax") : "syntax";

function parseYaml(text: string): Parsed {
  try {
    return readYaml(text);
  } catch (error) {
    // What nests without brackets or dashes is only found out by following it.
    if (error instanceof RangeError) return refuse("INPUT_TOO_DEEP", tooDeep);
    throw error;
  }
}

function readYaml(text: string): Parsed {
  const lines = new LineCounter();
  // The schema's own errors quote no values; `prettyErrors` would print the line, which may hold a token.
  // `uniqueKeys` compares every key with every other: 40,000 keys took it a minute. findForbidden looks for twins itself.
  const composer = new Composer({ prettyErrors: false, stringKeys: true, uniqueKeys: false });
  const documents: ParsedDocument[] = [];
  let seen = 0;
  for (const document of composer.compose(new Parser(lines.addNewLine).parse(text))) {
    seen += 1;
    if (seen > LIMITS.documents) return refuse("INPUT_TOO_MANY", `at most ${String(LIMITS.documents)} documents are taken`);
    const line = (offset: number | undefined): string => `line ${String(lines.linePos(offset ?? 0).line)}`;
    const [fault] = document.errors;
    if (fault?.code === "RESOURCE_EXHAUSTION") return refuse("INPUT_TOO_DEEP", tooDeep, line(fault.pos[0]));
    if (fault !== undefined) return refuse("INPUT_UNPARSABLE", `not YAML: ${fault.code}`, line(fault.pos[0]));
    const forbidden = findForbidden(document);
    if (forbidden !== undefined) return refuse(forbidden.code, forbidden.reason, line(forbidden.offset));
    const value: unknown = document.toJS();
    // Nothing between two `---`, or after the last one, is no document.
    if (value === null) continue;
    documents.push({ value, lineOf: (path) => lineOfPath(document, lines, path) });
  }
  return documents.length === 0 ? refuse("INPUT_UNPARSABLE", "there is no document in it") : ok(documents);
}

interface Forbidden {
  readonly code: ParseRefusal;
  readonly reason: string;
  readonly offset: number | undefined;
}

function findForbidden(document: YamlDocument): Forbidden | undefined {
  let found: Forbidden | undefined;
  visit(document, {
    Node: (_key, node) => {
      const offset = node.range?.[0];
      if (isAlias(node)) found = { code: "INPUT_ALIAS", reason: "aliases are not taken: write the value out", offset };
      // A node has a tag only where one is written.
      else if (node.tag !== undefined) found = { code: "INPUT_TAG", reason: "tags are not taken: an intent needs none", offset };
      else if (isMap(node)) found = findTwin(node);
      return found === undefined ? undefined : visit.BREAK;
    },
  });
  return found;
}

function findTwin({ items }: YAMLMap): Forbidden | undefined {
  const names = new Set<unknown>();
  for (const { key } of items) {
    const name: unknown = isScalar(key) ? key.value : key;
    if (names.has(name))
      return { code: "INPUT_UNPARSABLE", reason: "not YAML: DUPLICATE_KEY", offset: isScalar(key) ? key.range?.[0] : undefined };
    names.add(name);
  }
  return undefined;
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

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(levels - 1, inner));
}
