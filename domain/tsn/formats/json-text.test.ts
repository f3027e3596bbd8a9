import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { faultsOf, parseJson, pointerOf } from "./json-text.ts";

const text = `{
  "a": [1, {"b": "x, ] }"}, 3],
  "c\\"d": {"e": null},
  "z": 1
}`;

const placed = (path: readonly (string | number)[]) => {
  const read = parseJson(text);
  if (!read.ok) throw new Error(JSON.stringify(read.faults));
  return read.value.placeOf(path);
};

describe("JSON with places", () => {
  it("knows where a member's name and an item stand", () => {
    expect(placed([])).toEqual({ line: 1, column: 1 });
    expect(placed(["a"])).toEqual({ line: 2, column: 3 });
    expect(placed(["a", 0])).toEqual({ line: 2, column: 9 });
    expect(placed(["a", 1, "b"])).toEqual({ line: 2, column: 13 });
    expect(placed(["a", 2])).toEqual({ line: 2, column: 29 });
    expect(placed(['c"d', "e"])).toEqual({ line: 3, column: 12 });
    expect(placed(["z"])).toEqual({ line: 4, column: 3 });
  });

  it("gives what is not there the place of the part above it", () => {
    expect(placed(["a", 1, "missing"])).toEqual({ line: 2, column: 12 });
    expect(placed(["nobody", "knows"])).toEqual({ line: 1, column: 1 });
  });

  it.each([
    ["", 1, 1, "a value"],
    ["{", 1, 2, "a member's name in double quotes, or }"],
    ["{'a': 1}", 1, 2, "a member's name in double quotes, or }"],
    ['{"a" 1}', 1, 6, "a colon"],
    ['{"a": 1,}', 1, 9, "a member's name in double quotes"],
    ["[1,\n 2,\n]", 3, 1, "a value"],
    ["[1 2]", 1, 4, "a comma or the closing bracket"],
    ["[1]]", 1, 4, "nothing more"],
    ["[01]", 1, 3, "a comma or the closing bracket"],
    ['["a\nb"]', 1, 2, "a value or ]"],
    ["nul", 1, 1, "a value"],
  ])("tells where %j stops being JSON", (given, line, column, expected) => {
    expect(parseJson(given)).toMatchObject({
      ok: false,
      faults: [{ line, column, reason: expect.stringContaining(`expected ${expected}`) }],
    });
  });

  it("takes what JSON.parse takes, and no more", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.json().map((json) => json.slice(1)),
        ),
        (given) => {
          let value: unknown;
          let isJson = true;
          try {
            value = JSON.parse(given);
          } catch {
            isJson = false;
          }
          const read = parseJson(given);
          expect(read.ok).toBe(isJson);
          if (read.ok) expect(read.value.value).toEqual(value);
        },
      ),
    );
  });

  it("finds every part of any value at the place where it was written", () => {
    const json = fc.jsonValue({ maxDepth: 3 });
    fc.assert(
      fc.property(json, (value) => {
        const written = JSON.stringify(value, null, 2);
        const lines = written.split("\n");
        const read = parseJson(written);
        if (!read.ok) throw new Error("it was written by JSON.stringify");
        const { placeOf } = read.value;
        const look = (part: unknown, path: readonly (string | number)[]): void => {
          const { line, column } = placeOf(path);
          const rest = (lines[line - 1] ?? "").slice(column - 1);
          const last = path.at(-1);
          expect(
            rest.startsWith(typeof last === "string" ? JSON.stringify(last) : (JSON.stringify(part, null, 2).split("\n")[0] ?? "")),
          ).toBe(true);
          if (Array.isArray(part)) for (const [i, item] of part.entries()) look(item, [...path, i]);
          else if (typeof part === "object" && part !== null) for (const [name, item] of Object.entries(part)) look(item, [...path, name]);
        };
        look(value, []);
      }),
    );
  });

  it("tells a schema's faults with place, path and reason, a stray member by its name", () => {
    const schema = z.strictObject({ a: z.array(z.int()) });
    const read = parseJson('{"a": [1,\n "x"],\n "b/c": 2}');
    if (!read.ok) throw new Error("it is JSON");
    const checked = schema.safeParse(read.value.value);
    expect(faultsOf(checked.error?.issues ?? [], read.value.placeOf)).toEqual([
      { line: 2, column: 2, path: "/a/1", reason: expect.stringContaining("expected number") as string },
      { line: 3, column: 2, path: "/b~1c", reason: '"b/c" is not known here' },
    ]);
    expect(pointerOf(["a/b", "c~d", 0])).toBe("/a~1b/c~0d/0");
  });
});
