import type { z } from "zod";
import { faulty, MAX_FAULTS, type Place, placeAt, type Read, readOk, type TextFault, withoutMark } from "./text.ts";

type Path = readonly PropertyKey[];

/** A JSON value that still knows where each part of it stood. */
export interface JsonText {
  readonly value: unknown;
  /** Of the value at a path, or of the nearest part above it that is there. */
  placeOf(path: Path): Place;
}

/** RFC 8259. What is wrong is told with its line and column. */
export function parseJson(given: string): Read<JsonText> {
  const text = withoutMark(given);
  try {
    return readOk({ value: JSON.parse(text) as unknown, placeOf: (path) => placeAt(text, offsetOf(text, path)) });
  } catch {
    const { offset, expected } = firstFault(text);
    const found = offset >= text.length ? "the end of the text" : (JSON.stringify(text[offset]) ?? "");
    return faulty({ ...placeAt(text, offset), reason: `is no JSON: expected ${expected}, found ${found}` });
  }
}

/** What a schema found, at its places in the text. */
export function faultsOf(issues: readonly z.core.$ZodIssue[], placeOf: JsonText["placeOf"]): readonly TextFault[] {
  return issues.slice(0, MAX_FAULTS).flatMap((issue) => {
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => faultAt([...issue.path, key], `${JSON.stringify(key)} is not known here`, placeOf));
    return [faultAt(issue.path, issue.message, placeOf)];
  });
}

export const pointerOf = (path: Path): string =>
  path.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

export const faultAt = (path: Path, reason: string, placeOf: JsonText["placeOf"]): TextFault => ({
  ...placeOf(path),
  path: pointerOf(path),
  reason,
});

const space = /[ \t\r\n]*/y;
const token =
  // oxlint-disable-next-line no-control-regex -- JSON has none in its strings
  /"(?:[^"\\\u0000-\u001F]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}[\],:]/y;

interface Token {
  readonly text: string;
  readonly offset: number;
}

/** The token at or after an offset; its text is empty where there is none. */
function tokenAt(text: string, from: number): Token {
  space.lastIndex = from;
  space.test(text);
  token.lastIndex = space.lastIndex;
  return { text: token.exec(text)?.[0] ?? "", offset: space.lastIndex };
}

const endOf = ({ text, offset }: Token): number => offset + text.length;

/** An array or object that the walk is in; `step` is the index or member that it is at. */
interface Level {
  readonly isArray: boolean;
  step: number | string;
}

type Expecting = "value" | "value or ]" | "name" | "name or }" | ":" | ", or end" | "nothing";

const words: Readonly<Record<Expecting, string>> = {
  value: "a value",
  "value or ]": "a value or ]",
  name: "a member's name in double quotes",
  "name or }": "a member's name in double quotes, or }",
  ":": "a colon",
  ", or end": "a comma or the closing bracket",
  nothing: "nothing more",
};

/**
 * Walks the tokens of a text. `visit` is told of each value, and of each member at its name; the walk ends with the text, at the first token
 * that JSON does not allow there, or when `visit` says so.
 */
function walk(text: string, visit: (levels: readonly Level[], at: number) => boolean): { offset: number; expected: string } | undefined {
  const levels: Level[] = [];
  let expecting: Expecting = "value";
  for (let at = 0; ;) {
    const seen = tokenAt(text, at);
    const level = levels.at(-1);
    const fault = { offset: seen.offset, expected: words[expecting] };
    at = endOf(seen);
    if (expecting === "nothing") return seen.offset >= text.length ? undefined : fault;
    if (expecting === ", or end") {
      if (seen.text === "," && level !== undefined) {
        if (typeof level.step === "number") level.step += 1;
        expecting = level.isArray ? "value" : "name";
      } else if (seen.text === (level?.isArray === true ? "]" : "}")) {
        levels.pop();
        expecting = levels.length === 0 ? "nothing" : ", or end";
      } else return fault;
      continue;
    }
    if (expecting === ":") {
      if (seen.text !== ":") return fault;
      expecting = "value";
      continue;
    }
    const isClosing = (expecting === "value or ]" && seen.text === "]") || (expecting === "name or }" && seen.text === "}");
    if (isClosing) {
      levels.pop();
      expecting = levels.length === 0 ? "nothing" : ", or end";
      continue;
    }
    if (expecting === "name" || expecting === "name or }") {
      if (!seen.text.startsWith('"') || level === undefined) return fault;
      level.step = JSON.parse(seen.text) as string;
      if (visit(levels, seen.offset)) return undefined;
      expecting = ":";
      continue;
    }
    if (seen.text === "" || /^[}\],:]$/.test(seen.text)) return fault;
    if (level?.isArray !== false && visit(levels, seen.offset)) return undefined;
    if (seen.text === "[" || seen.text === "{") {
      levels.push({ isArray: seen.text === "[", step: seen.text === "[" ? 0 : "" });
      expecting = seen.text === "[" ? "value or ]" : "name or }";
    } else expecting = levels.length === 0 ? "nothing" : ", or end";
  }
}

const firstFault = (text: string): { offset: number; expected: string } => walk(text, () => false) ?? { offset: 0, expected: "JSON" };

/** Of a member it is the offset of its name. What is not there has the offset of the part above it. */
function offsetOf(text: string, path: Path): number {
  const wanted = path.map(String);
  let best = 0;
  let depth = -1;
  walk(text, (levels, offset) => {
    if (levels.length <= depth || levels.length > wanted.length) return false;
    if (!levels.every(({ step }, i) => String(step) === wanted[i])) return false;
    best = offset;
    depth = levels.length;
    return depth === wanted.length;
  });
  return best;
}
