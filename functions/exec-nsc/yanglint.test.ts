import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NetworkSlice } from "../../domain/intent/catalogue/network-slice/payload.ts";
import { sliceServiceBody, tfsBody, yangModule } from "./nss.ts";

/** Reductions of the published modules, unless YANG_MODULES names those: test/yang/README.md. */
const modules = process.env["YANG_MODULES"] ?? join(import.meta.dirname, "../../test/yang");

/** The orders of the library's examples, as they are compared with in its golden files. */
function ordered(example: string): NetworkSlice {
  const file = join(import.meta.dirname, `../../domain/intent/catalogue/network-slice/examples/${example}.golden.json`);
  const { orders } = JSON.parse(readFileSync(file, "utf8")) as { orders: readonly { payload: unknown }[] };
  return NetworkSlice.parse(orders[0]?.payload);
}
const [two, three] = [ordered("two-ends"), ordered("three-ends")];

const root = `${yangModule}:network-slice-services`;
/** A PUT's body is one entry of the list; yanglint wants the tree that it becomes part of. */
const stored = (wanted: NetworkSlice, templates: readonly string[]) => ({
  [root]: {
    "slo-sle-templates": { "slo-sle-template": templates.map((id) => ({ id })) },
    "slice-service": sliceServiceBody(wanted, templates.length > 0)[`${yangModule}:slice-service`],
  },
});
const documents: Readonly<Record<string, object>> = {
  "two ends with a template of the controller": stored(two, [two.policy]),
  "two ends without one": stored(two, []),
  "three ends": stored(three, []),
  "TeraFlowSDN's form, with the module's name put back": { [root]: tfsBody(two)["network-slice-services"] },
};

type Edit = (text: string) => string;
const wrong: readonly (readonly [what: string, edit: Edit])[] = [
  ["a template that is not there", () => JSON.stringify(stored({ ...two, policy: "absent" }, [two.policy]))],
  ["one end", () => JSON.stringify(stored({ ...two, sdps: [two.sdps[0], two.sdps[0]] as NetworkSlice["sdps"] }, []))],
  ["a bound as a number", (text) => text.replace(/"bound":"(\d+)"/, '"bound":$1')],
  ["a bound with a fraction", (text) => text.replace(/"bound":"(\d+)"/, '"bound":"$1.5"')],
  ["a bound without its unit", (text) => text.replace(/"metric-unit":"\w+",/, "")],
  ["an identity of no module that is there", (text) => text.replace(`${yangModule}:point-to-point`, "ietf-slice:point-to-point")],
  ["a metric that the module does not have", (text) => text.replace("one-way-bandwidth", "bandwidth")],
  ["an address that is none", (text) => text.replace(/"sdp-ip-address":\["[^"]+"\]/, '"sdp-ip-address":["10.0.0.999"]')],
  [
    "a connection group that is not there",
    (text) => text.replace('"target-connection-group-id":"cg1"', '"target-connection-group-id":"cg2"'),
  ],
  ["a receiver that is no end", (text) => text.replace(/"p2p-receiver-sdp":"[^"]+"/, '"p2p-receiver-sdp":"nobody"')],
  ["a node that the module does not have", (text) => text.replace('"node-id"', '"ni-name"')],
  ["the container without its module", (text) => text.replace(root, "network-slice-services")],
];

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "underlay-yang-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function check(text: string): { readonly status: number | null; readonly said: string } {
  const file = join(dir, "document.json");
  writeFileSync(file, text);
  // yanglint knows identities of modules that are named, not of those that are only imported.
  const named = ["ietf-vpn-common", yangModule].map((name) => join(modules, `${name}.yang`));
  const given = ["-t", "config", "-p", modules, ...named, file];
  const { status, stderr } = spawnSync("yanglint", given, { encoding: "utf8" });
  return { status, said: stderr };
}

describe("yanglint", () => {
  // A skipped test counts as failed, and this tool is nobody's to demand: where it is not there, that is what is said.
  if (spawnSync("yanglint", ["--version"]).error !== undefined) {
    it("is not installed (Debian: libyang-tools), so our own schema alone has looked at the slices", () => {
      expect(() => execFileSync("yanglint", ["--version"])).toThrow("ENOENT");
    });
    return;
  }

  it.each(Object.entries(documents))("takes %s", (_, document) => {
    expect(check(JSON.stringify(document))).toEqual({ status: 0, said: "" });
  });

  it.each(wrong)("refuses %s", (_, edit) => {
    const right = JSON.stringify(documents["two ends with a template of the controller"]);
    const text = edit(right);
    expect(text).not.toBe(right);
    expect(check(text)).toMatchObject({ status: 7, said: expect.stringContaining("libyang err") });
  });
});
