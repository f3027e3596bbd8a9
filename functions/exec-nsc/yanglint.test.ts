import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { library } from "../../domain/intent/catalogue/network-slice/library.ts";
import { NetworkSlice } from "../../domain/intent/catalogue/network-slice/payload.ts";
import { openFaults } from "../../lab/faults.ts";
import { openLedger } from "../../lab/ledger.ts";
import { startNsc } from "../../lab/nsc/server.ts";
import { faultOf, SliceService } from "../../lab/nsc/yang.ts";
import { changedAt } from "../../test/support/changed-at.ts";
import { ordersOfExamples } from "../../test/support/example-orders.ts";
import { anyChange, anySlices, bare, forward, full, standardDocument, tfsDocument, wrongSlices } from "../../test/support/slice-yang.ts";
import { describeYanglint, refused, taken } from "../../test/support/yanglint.ts";
import { sliceServiceBody, tfsBody } from "./nss.ts";
import { tfsSlice } from "./tfs-slice.ts";

const examples = ordersOfExamples(library).map(([file, { payload }]) => [file, NetworkSlice.parse(payload)] as const);
const slices: readonly (readonly [string, NetworkSlice])[] = [
  ...examples,
  ["all that can be asked for", full],
  ["bounds of one direction", forward],
  ["no more than must be", bare],
];
const forTfs = slices.filter(([, slice]) => tfsSlice.lacks(slice) === undefined);

const root = "ietf-network-slice-service:network-slice-services";
const wrongDocument = (path: string, value: unknown): string =>
  JSON.stringify(changedAt(JSON.stringify(standardDocument([full], true)), `${root} slice-service 0 ${path}`, value));

/** What our own controller says is wrong with a slice service. */
const faultIn = (value: unknown): string | undefined => {
  const read = SliceService.safeParse(value);
  return read.success ? faultOf(read.data, new Set(["gold"])) : read.error.message;
};

/** Identities are named by modules that a server implements, and not only imports. */
describeYanglint(["ietf-vpn-common", "ietf-network-slice-service"], (check) => {
  it.each(slices)("takes %s, whether the controller has a template of the policy or not", (_, slice) => {
    for (const hasTemplates of [true, false]) expect(check(JSON.stringify(standardDocument([slice], hasTemplates)))).toEqual(taken);
  });

  it("takes what TeraFlowSDN gets, with the module's name in its place", () => {
    expect(forTfs.map(([what]) => what)).toContain("bounds of one direction");
    for (const [what, slice] of forTfs) {
      expect(check(JSON.stringify(tfsDocument(slice))), what).toEqual(taken);
      expect(check(JSON.stringify(tfsBody(slice))), what).toEqual(refused("network-slice-services")); // as it is sent
    }
  });

  it("takes whatever slices there are", () => {
    fc.assert(
      fc.property(anySlices, fc.boolean(), (many, hasTemplates) => {
        expect(check(JSON.stringify(standardDocument(many, hasTemplates)))).toEqual(taken);
        for (const slice of many.slice(0, 1)) expect(check(JSON.stringify(tfsDocument(slice)))).toEqual(taken);
      }),
      { numRuns: 25 },
    );
  });

  it.each(wrongSlices)("refuses %s", (_, path, value, says) => {
    expect(check(wrongDocument(path, value))).toEqual(refused(says));
  });

  it("takes and refuses what the simulated controller does", () => {
    fc.assert(
      fc.property(anyChange, ({ text, path, value }) => {
        const document = JSON.stringify(changedAt(text, path, value));
        const [service] = (JSON.parse(document) as Record<string, { "slice-service": unknown[] }>)[root]?.["slice-service"] ?? [];
        expect(faultIn(service) === undefined).toBe(check(document).status === 0);
      }),
      { numRuns: 80 },
    );
  });

  it("takes what the simulated controller answers, which tells more than it was told", async () => {
    const nsc = await startNsc(openLedger(), openFaults(), { templates: [{ id: "gold" }] });
    try {
      const url = new URL(`/restconf/data/${root}/slice-service=${encodeURIComponent(full.slice)}`, nsc.rfc9543);
      const headers = { "content-type": "application/yang-data+json" };
      expect((await fetch(url, { method: "PUT", headers, body: JSON.stringify(sliceServiceBody(full, true)) })).status).toBe(201);
      const answered = Object.values((await (await fetch(url)).json()) as Record<string, unknown[]>).flat();
      const tree = JSON.stringify({ [root]: { "slo-sle-templates": { "slo-sle-template": [{ id: "gold" }] }, "slice-service": answered } });
      expect(check(tree, "data")).toEqual(taken);
      expect(check(tree)).toEqual(refused("oper-status")); // which nobody writes
    } finally {
      await nsc.close();
    }
  });
});

describe("the simulated controller", () => {
  it("takes the slice that the wrong ones are made of", () => {
    expect(faultIn(Object.values(sliceServiceBody(full, true)).flat()[0])).toBeUndefined();
  });

  it.each(wrongSlices)("refuses %s, as the module does", (_, path, value) => {
    const text = JSON.stringify(Object.values(sliceServiceBody(full, true)).flat()[0]);
    expect(faultIn(changedAt(text, path, value))).toEqual(expect.any(String));
  });
});
