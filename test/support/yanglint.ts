import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** Reductions of the published modules, unless YANG_MODULES names those: test/yang/README.md. */
const folder = process.env["YANG_MODULES"] ?? join(import.meta.dirname, "../yang");

/** Published modules are in files with or without their revision: `name.yang`, `name@2018-10-09.yang`. */
function fileOf(module: string): string {
  const file = readdirSync(folder).find((one) => one === `${module}.yang` || (one.startsWith(`${module}@`) && one.endsWith(".yang")));
  if (file === undefined) throw new Error(`no module ${module} in ${folder}`);
  return join(folder, file);
}

export interface Verdict {
  /** 0 where the document is taken, 7 where it is refused. */
  readonly status: number | null;
  readonly said: string;
}
/** Asks yanglint about one document; `config` is what is written, `data` also what only the server tells. */
export type Check = (text: string, type?: "config" | "data") => Verdict;

/** Taken, and not even a warning. */
export const taken: Verdict = { status: 0, said: "" };
export const refused = (because: string): Verdict => ({ status: 7, said: expect.stringContaining(because) as string });

/** The tests of what yanglint says of documents under the modules. Those that others import must come before them. */
export function describeYanglint(modules: readonly string[], tests: (check: Check) => void): void {
  describe("yanglint", () => {
    // A skipped test counts as failed, and this tool is nobody's to demand: where it is not there, that is what is said.
    if (spawnSync("yanglint", ["--version"]).error !== undefined) {
      it("is not installed (Debian: libyang-tools), so nothing but our own tests has looked at the documents", () => {
        expect(() => execFileSync("yanglint", ["--version"])).toThrow("ENOENT");
      });
      return;
    }

    let dir: string;
    beforeAll(() => {
      dir = mkdtempSync(join(tmpdir(), "underlay-yang-"));
    });
    afterAll(() => rmSync(dir, { recursive: true, force: true }));

    tests((text, type = "config") => {
      const file = join(dir, "document.json");
      writeFileSync(file, text);
      const { status, stderr } = spawnSync("yanglint", ["-t", type, "-p", folder, ...modules.map(fileOf), file], { encoding: "utf8" });
      return { status, said: stderr };
    });
  });
}
