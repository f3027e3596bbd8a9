import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/errors.md"), "utf8");

/** Where a code comes into the world: given to whoever refuses, thrown, written as a problem, or filled in where there is none. */
const inventing = [
  /\b(?:refuse|failed|say|problem|TransientError|PermanentError)\(\s*(?:\d{3},\s*)?"([A-Z][A-Z0-9_]+)"/g,
  /\bcode: "([A-Z][A-Z0-9_]+)"/g,
  /\bcode \?\? "([A-Z][A-Z0-9_]+)"/g,
  /\? code : "([A-Z][A-Z0-9_]+)"/g,
  // Conflicts: what a claim is called, and what is beyond a limit.
  /\bkind: "([A-Z][A-Z0-9_]+)"/g,
  /\b(?:beyond|against)\([^"]*"([A-Z][A-Z0-9_]+)"/g,
];

const files = globSync("{domain,events,functions,runtime,services,state,cli}/**/*.ts", { cwd: root }).filter(
  (file) => !file.endsWith(".test.ts"),
);
const inSource = new Map<string, Set<string>>();
for (const file of files) {
  const text = readFileSync(join(root, file), "utf8");
  for (const [, code] of inventing.flatMap((pattern) => [...text.matchAll(pattern)]))
    inSource.set(String(code), (inSource.get(String(code)) ?? new Set()).add(file));
}

const rows = [...page.matchAll(/^\| <a id="([a-z0-9_]+)"><\/a>([A-Z0-9_]+) \| (\w+) \| (.+?) \| (.+) \|$/gm)].map(
  ([, anchor, code, kind, from = "", what]) => ({
    anchor,
    code: String(code),
    kind,
    from: [...from.matchAll(/`([^`]+)`/g)].map(([, place]) => String(place)),
    what,
  }),
);
const isIn = (place: string, file: string): boolean => file.startsWith(`${place}/`);

describe("docs/errors.md", () => {
  it("lists exactly the codes of the source, each once", () => {
    expect(files.length).toBeGreaterThan(80);
    expect(inSource.size).toBeGreaterThan(50);
    expect(rows.map((r) => r.code).toSorted()).toEqual([...inSource.keys()].toSorted());
  });

  it("says of every code where it comes from: no place too few, none too many", () => {
    for (const { code, from } of rows) {
      const found = [...(inSource.get(code) ?? [])];
      expect([code, found.filter((file) => !from.some((place) => isIn(place, file)))]).toEqual([code, []]);
      expect([code, from.filter((place) => !found.some((file) => isIn(place, file)))]).toEqual([code, []]);
    }
  });

  it("has no row that the comparison does not see", () => {
    const lines = page.split("\n").filter((line) => line.includes("<a id="));
    expect(lines).toHaveLength(rows.length);
  });

  it("has for every code the place that a problem's type points to, its kind, and something to do", () => {
    for (const { anchor, code, kind, what } of rows) {
      expect(anchor).toBe(code.toLowerCase());
      expect(["refusal", "transient", "poison", "bug"]).toContain(kind);
      expect(what?.length, code).toBeGreaterThan(15);
    }
  });

  it("calls transient what is thrown as a TransientError, and poison what is thrown as a PermanentError", () => {
    for (const { code, kind } of rows) {
      const thrown = [...(inSource.get(code) ?? [])].map((file) => readFileSync(join(root, file), "utf8"));
      const isThrownAs = (name: string): boolean => thrown.some((text) => new RegExp(`\\b${name}\\(\\s*"${code}"`).test(text));
      if (isThrownAs("PermanentError")) expect([code, kind]).toEqual([code, "poison"]);
      // An order that is still pending at the last attempt is refused.
      if (isThrownAs("TransientError") && code !== "EFFECT_PENDING") expect([code, kind]).toEqual([code, "transient"]);
    }
  });
});
