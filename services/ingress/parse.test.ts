import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { LIMITS, parseDocuments } from "./parse.ts";

const parse = (input: string | Buffer) => parseDocuments(Buffer.from(input));
const valuesOf = (input: string | Buffer): unknown => {
  const parsed = parse(input);
  return parsed.ok ? parsed.value.map((d) => d.value) : parsed;
};

describe("parsing a file", () => {
  it.each([
    ["one YAML document", "a: 1\nb: [x, {c: 2}]\n", [{ a: 1, b: ["x", { c: 2 }] }]],
    ["YAML documents", "a: 1\n---\na: 2\n---\na: 3\n", [{ a: 1 }, { a: 2 }, { a: 3 }]],
    ["empty documents between and after them", "---\n---\na: 1\n---\n# only a comment\n---\na: 2\n---\n", [{ a: 1 }, { a: 2 }]],
    ["the ends of documents", "a: 1\n...\n---\na: 2\n...\n", [{ a: 1 }, { a: 2 }]],
    ["a byte order mark", "\uFEFFa: 1\n", [{ a: 1 }]],
    ["the lines of Windows", "a: 1\r\nb:\r\n  - x\r\n---\r\na: 2\r\n", [{ a: 1, b: ["x"] }, { a: 2 }]],
    ["a directive", "%YAML 1.2\n---\na: 1\n", [{ a: 1 }]],
    ["a JSON object", '{"a": 1, "b": ["x"]}', [{ a: 1, b: ["x"] }]],
    ["a JSON array of documents", '[{"a": 1}, {"a": 2}]', [{ a: 1 }, { a: 2 }]],
    ["JSON after blanks and a byte order mark", '\uFEFF\n  {"a": 1}\n', [{ a: 1 }]],
    ["flow YAML that only looks like JSON", "{a: 1, b: [x]}", [{ a: 1, b: ["x"] }]],
    ["flow YAML and another document", "{a: 1}\n---\n{a: 2}\n", [{ a: 1 }, { a: 2 }]],
    [
      "text that only looks like a date, a time or a truth value",
      "a: no\nb: 12:30\nc: 2024-01-01\nd: 10,0\n",
      [{ a: "no", b: "12:30", c: "2024-01-01", d: "10,0" }],
    ],
    ["a merge key, as a key", "a: {<<: {b: 1}}", [{ a: { "<<": { b: 1 } } }]],
    ["numbers as keys, as text", "1: a\n", [{ "1": "a" }]],
  ])("takes %s", (_, input, expected) => {
    expect(valuesOf(input)).toEqual(expected);
  });

  it.each([
    ["nothing", "", "INPUT_UNPARSABLE", undefined],
    ["blanks", " \n\t\r\n", "INPUT_UNPARSABLE", undefined],
    ["only comments", "# a\n# b\n", "INPUT_UNPARSABLE", undefined],
    ["only separators", "---\n---\n", "INPUT_UNPARSABLE", undefined],
    ["an empty JSON array", "[]", "INPUT_UNPARSABLE", undefined],
    ["JSON that is cut off", '{"a": [1, 2', "INPUT_UNPARSABLE", undefined],
    ["an alias", "a: &x 1\nb: 2\nc: *x\n", "INPUT_ALIAS", "line 3"],
    ["a tag", "a: 1\nb: !!binary aGk=\n", "INPUT_TAG", "line 2"],
    ["a standard tag on a map", "a: !!map {b: 1}\n", "INPUT_TAG", "line 1"],
    ["a tag of one's own", "a: !env SECRET\n", "INPUT_TAG", "line 1"],
    ["a key that is there twice", "a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n", "INPUT_UNPARSABLE", "line 5"],
    ["a key that is there twice, differently written", "a: 1\n'a': 2\n", "INPUT_UNPARSABLE", "line 2"],
    ["a key that is a list", "a: 1\n? [x]\n: 2\n", "INPUT_UNPARSABLE", "line 2"],
    ["a tab as indentation", "a:\n\tb: 1\n", "INPUT_UNPARSABLE", "line 2"],
    ["a quote that does not end", 'a: 1\nb: "x\n', "INPUT_UNPARSABLE", "line 3"],
    ["a second document that is none", "a: 1\n---\nb: [\n", "INPUT_UNPARSABLE", "line 4"],
  ])("refuses %s", (_, input, code, path) => {
    const refused = parse(input);
    expect(refused).toMatchObject({ ok: false, code });
    expect(refused.ok ? undefined : refused.path).toBe(path);
  });

  it.each([
    ["a: [Bearer canary-canary, *x", "a: *canary"],
    ['{"token": "canary-canary", ', '{"a": canary'],
    ["canary: 1\ncanary: 2", "a: !canary x"],
    ["a: 'canary", "\tcanary: canary\n\t- canary"],
    ["%CANARY canary\n---\n{canary", "a: b: canary"],
  ])("quotes nothing of what it refuses: %j, %j", (...inputs) => {
    for (const input of inputs) {
      const refused = parse(input);
      expect(refused.ok).toBe(false);
      expect(JSON.stringify(refused).toLowerCase()).not.toContain("canary");
    }
  });

  it("tells the line of a place, or of the nearest place above it", () => {
    const parsed = parse("# first\nIntent:\n  id: i\n  list:\n    - a: 1\n    -\n      a: 2\n      b: 3\n---\nIntent: {id: j}\n");
    const [one, two] = parsed.ok ? parsed.value : [];
    const lines = ["/Intent/id", "/Intent/list/1/b", "/Intent/list/0", "/Intent/list/1/missing/deeper", "/Intent/missing", "/", ""].map(
      (path) => one?.lineOf(path),
    );
    expect(lines).toEqual([3, 8, 5, 7, 3, 2, 2]);
    expect(two?.lineOf("/Intent/id")).toBe(10);
  });

  it("pollutes no prototype with __proto__ keys", () => {
    for (const input of [
      '{"__proto__": {"polluted": 1}, "a": {"__proto__": {"polluted": 1}}}',
      "__proto__: {polluted: 1}\na:\n  __proto__: {polluted: 1}\n",
    ]) {
      expect(parse(input).ok).toBe(true);
      expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    }
  });

  it("reads back whatever JSON it is given, as JSON and as YAML", () => {
    const document = fc.dictionary(
      fc.string().filter((k) => k !== "__proto__"),
      fc.jsonValue({ maxDepth: 4 }),
      { minKeys: 1, noNullPrototype: true },
    );
    fc.assert(
      fc.property(document, (value) => {
        const text = JSON.stringify(value);
        expect(valuesOf(text)).toEqual([JSON.parse(text)]);
      }),
    );
    const plain = fc.dictionary(
      fc.stringMatching(/^[a-z]{1,8}$/),
      fc.oneof(fc.stringMatching(/^[ -~]{0,20}$/), fc.integer(), fc.boolean()),
      { minKeys: 1, noNullPrototype: true },
    );
    fc.assert(
      fc.property(plain, (value) => {
        expect(valuesOf(stringify(value))).toEqual([value]);
      }),
    );
  });

  it("never throws, whatever the bytes are", () => {
    let taken = 0;
    const soup = fc.array(
      fc.constantFrom(
        "a",
        "b: ",
        "- ",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\n",
        "  ",
        '"',
        "'",
        "#",
        "&x ",
        "*x",
        "!t ",
        "? ",
        "|",
        ">",
        "---\n",
        "\\",
        "%",
        "\t",
        "\u0000",
        "é",
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }).map((b) => Buffer.from(b)),
          soup.map((parts) => Buffer.from(parts.join(""))),
        ),
        (bytes) => {
          if (parseDocuments(bytes).ok) taken += 1;
        },
      ),
      { numRuns: 3_000 },
    );
    expect(taken).toBeGreaterThan(0);
  });
});

const letters = "abcdefghij";
const laughs = letters
  .split("")
  .map((c, i) => (i === 0 ? "a: &a [lol, lol, lol]" : `${c}: &${c} [${`*${String(letters[i - 1])}, `.repeat(9)}x]`))
  .join("\n");
const indented = (depth: number, item: string): string => Array.from({ length: depth }, (_, i) => " ".repeat(i) + item).join("\n");

describe("parsing what was made to hurt", () => {
  it.each([
    ["2 MB", "a: b\n".repeat(400_000), "INPUT_TOO_LARGE"],
    ["10,000 aliases", `a: &a x\nb:\n${"  - *a\n".repeat(10_000)}`, "INPUT_TOO_LARGE"],
    ["4,000 aliases", `a: &a x\nb:\n${"  - *a\n".repeat(4_000)}`, "INPUT_ALIAS"],
    ["a billion laughs", laughs, "INPUT_ALIAS"],
    ["20,000 brackets", "[".repeat(20_000), "INPUT_TOO_DEEP"],
    ["20,000 brackets in YAML", `a: ${"[".repeat(20_000)}`, "INPUT_TOO_DEEP"],
    ["brackets that were closed before, in a comment", `# ${"]".repeat(30_000)}\na: ${"[".repeat(30_000)}`, "INPUT_TOO_DEEP"],
    ["brackets that are closed in quotes", `a: ${'["]",'.repeat(30_000)}`, "INPUT_TOO_DEEP"],
    ["JSON that hides its depth in quotes", `${'["]",'.repeat(20_000)}1${"]".repeat(20_000)}`, "INPUT_TOO_DEEP"],
    ["braces 33 deep", `${'{"a":'.repeat(33)}1${"}".repeat(33)}`, "INPUT_TOO_DEEP"],
    ["5,000 dashes", `${"- ".repeat(5_000)}x`, "INPUT_TOO_DEEP"],
    ["5,000 dashes with tabs", `${"-\t".repeat(5_000)}x`, "INPUT_UNPARSABLE"],
    ["dashes by indentation", indented(1_200, "-"), "INPUT_TOO_DEEP"],
    ["maps by indentation", indented(1_200, "a:"), "INPUT_TOO_DEEP"],
    ["maps 40 deep by indentation", `${indented(40, "a:")} 1`, "INPUT_TOO_DEEP"],
    ["200,000 question marks", `${"? ".repeat(200_000)}x`, "INPUT_TOO_LARGE"],
    ["4,000 question marks", `${"? ".repeat(4_000)}x`, "INPUT_TOO_DEEP"],
    ["a list of 200,000", `a:\n${"- x\n".repeat(200_000)}`, "INPUT_TOO_LARGE"],
    ["a flow list of 200,000", `a: [${"x,".repeat(200_000)}x]`, "INPUT_TOO_LARGE"],
    ["200,000 empty lists", `a: ${"[]".repeat(200_000)}`, "INPUT_TOO_LARGE"],
    ["300,000 anchors", `a: ${"&x ".repeat(300_000)}y`, "INPUT_TOO_LARGE"],
    ["300,000 tags", `a: ${"!x ".repeat(300_000)}y`, "INPUT_TOO_LARGE"],
    ["300,000 stars", `a: ${"*x ".repeat(300_000)}y`, "INPUT_TOO_LARGE"],
    ["90,000 colons", `a: ${": ".repeat(90_000)}`, "INPUT_UNPARSABLE"],
    ["60,000 comments", "a # b\n".repeat(60_000), "INPUT_TOO_LARGE"],
    ["2,000 documents", "---\na: 1\n".repeat(2_000), "INPUT_TOO_MANY"],
    ["90,000 empty documents", "--- \n".repeat(90_000), "INPUT_TOO_MANY"],
    ["2,000 documents in JSON", `[${'{"a":1},'.repeat(2_000)}{}]`, "INPUT_TOO_MANY"],
    ["40,000 different keys", `a:\n${Array.from({ length: 40_000 }, (_, i) => `  k${String(i)}: 1\n`).join("")}`, "taken"],
    ["a scalar of 1 MB", `a: ${"x ".repeat(500_000)}`, "taken"],
    ["a quoted scalar of 1 MB", `a: "${"\\n".repeat(500_000)}"`, "taken"],
    ["99,000 lines of a block", `a: |\n${" x\n".repeat(99_000)}`, "taken"],
  ])("answers %s within 5 s of work", (_, input, code) => {
    const before = process.cpuUsage();
    const parsed = parse(input);
    const { user, system } = process.cpuUsage(before);
    expect(parsed.ok ? "taken" : parsed.code).toBe(code);
    expect((user + system) / 1e6).toBeLessThan(5);
  });

  it("takes as much as an operator needs: 500 intents of the size of annex 9.1", () => {
    const context = "{ contextAttribute: nodeSrc, contextCondition: IS_EQUAL_TO, contextValueRange: 3.3.3.3 }";
    const intent = (i: number) =>
      `---\nIntent:\n  id: i${String(i)}\n  intentExpectations:\n    - objectContexts:\n${`        - ${context}\n`.repeat(12)}`;
    const file = Array.from({ length: 500 }, (_, i) => intent(i)).join("");
    expect(file.length).toBeLessThan(LIMITS.bytes);
    expect(parse(file)).toMatchObject({ ok: true, value: { length: 500 } });
  });
});
