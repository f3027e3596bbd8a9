import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { changed, documents, textOf, wrongDocuments } from "../../../test/support/tsn-yang.ts";

/** Reductions of the published modules, unless YANG_MODULES names those: test/yang/README.md. */
const modules = process.env["YANG_MODULES"] ?? join(import.meta.dirname, "../../../test/yang");
/** iana-if-type has to come first: yanglint does not find it by itself. */
const names = [
  "iana-if-type",
  "ietf-interfaces",
  "ieee802-dot1q-types",
  "ieee802-dot1q-bridge",
  "ieee802-dot1q-sched",
  "ieee802-dot1q-sched-bridge",
  "ieee802-dot1q-preemption",
  "ieee802-dot1q-preemption-bridge",
  "ieee802-dot1q-stream-filters-gates",
  "ieee802-dot1q-psfp",
  "ieee802-dot1q-psfp-bridge",
  "ieee802-dot1cb-stream-identification",
];

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "underlay-yang-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const hasYanglint = spawnSync("yanglint", ["--version"]).error === undefined;

function check(text: string): { readonly status: number | null; readonly said: string } {
  const file = join(dir, "document.json");
  writeFileSync(file, text);
  const { status, stderr } = spawnSync(
    "yanglint",
    ["-t", "config", "-p", modules, ...names.map((name) => join(modules, `${name}.yang`)), file],
    {
      encoding: "utf8",
    },
  );
  return { status, said: stderr };
}

describe("yanglint", () => {
  // A skipped test counts as failed, and this tool is nobody's to demand: where it is not there, that is what is said.
  if (!hasYanglint) {
    it("is not installed (Debian: libyang-tools), so our own schema alone has looked at the documents", () => {
      expect(() => execFileSync("yanglint", ["--version"])).toThrow("ENOENT");
    });
    return;
  }

  it.each([...documents.keys()])("takes the document of %s", (bridge) => {
    expect(check(textOf(bridge))).toEqual({ status: 0, said: "" });
  });

  it.each(wrongDocuments.slice(0, -4))("refuses %s", (_, path, value) => {
    expect(check(JSON.stringify(changed(path, value)))).toMatchObject({ status: 7, said: expect.stringContaining("libyang err") });
  });
});
