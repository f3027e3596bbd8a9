import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { costSources } from "../../../domain/topology/alto.ts";
import { canonicalJson } from "../../../domain/topology/canonical.ts";
import { applyMergePatch } from "../../../domain/topology/merge-patch.ts";
import type { CostLink, CostNode } from "../../../domain/topology/model.ts";
import { at, delay, loss, rate } from "../../../test/support/topology.ts";
import { changeView, costMapBytes, costMapPatch, networkMapBytes, networkMapPatch, openView, type View } from "./view.ts";

const names = ["a", "b.example", "10", "9", "kind-2/a"] as const;
const nodeOf = (name: string, address: string | null): CostNode => ({
  name,
  address,
  addresses: address === null ? [] : [address],
  ready: true,
  seenBy: ["kubernetes"],
});
const node = fc.record({ name: fc.constantFrom(...names), address: fc.constantFrom("10.0.0.1", "10.0.0.2", "2001:db8::1", null) });
const nodes = fc
  .uniqueArray(node, { selector: ({ name }) => name, maxLength: 5 })
  .map((all) => all.map(({ name, address }) => nodeOf(name, address)));
const link = fc
  .record({
    source: fc.constantFrom(...names),
    destination: fc.constantFrom(...names),
    ms: fc.option(fc.double({ min: 0.001, max: 500, noNaN: true }), { nil: undefined }),
    percent: fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }),
  })
  .map(({ source, destination, ms, percent }): CostLink => {
    const measurements = [...(ms === undefined ? [] : [delay(ms)]), ...(percent === undefined ? [] : [loss(percent), rate(percent)])];
    return { source, destination, costs: measurements.map((measurement) => ({ at: at(0), measurement })) };
  });
const links = fc.uniqueArray(link, { selector: ({ source, destination }) => `${source}->${destination}`, maxLength: 12 });
const change = fc.record({
  nodes: fc.option(nodes, { nil: undefined }),
  links,
  removed: fc.array(
    fc.tuple(fc.constantFrom(...names), fc.constantFrom(...names)).map(([from, to]) => `${from}->${to}`),
    { maxLength: 4 },
  ),
});

const parse = (bytes: Buffer): unknown => JSON.parse(bytes.toString());
const patched = (before: Buffer, patch: unknown): string =>
  patch === undefined ? before.toString() : canonicalJson(applyMergePatch(parse(before), JSON.parse(canonicalJson(patch))));

describe("a client that applies every patch", () => {
  it("has the server's maps to the byte, whatever changed", () => {
    let patches = 0;
    fc.assert(
      fc.property(nodes, links, fc.array(change, { minLength: 1, maxLength: 5 }), (first, initial, changes) => {
        let view: View = openView("kind-kind", { seq: 1, tag: "t1" }, first, initial);
        const maps = costSources.map((_, i) => costMapBytes(view, i).toString());
        let network = networkMapBytes(view).toString();
        for (const [i, { nodes: next, links: news, removed }] of changes.entries()) {
          const before = view;
          view = changeView(before, { seq: i + 2, tag: `t${String(i + 2)}` }, next, news, removed);
          const networkPatch = networkMapPatch(before, view);
          network = patched(Buffer.from(network), networkPatch);
          expect(network).toBe(networkMapBytes(view).toString());
          for (const [place] of costSources.entries()) {
            const patch = costMapPatch(before, view, place);
            if (patch !== undefined) patches += 1;
            maps[place] = patched(Buffer.from(maps[place] ?? ""), patch);
            expect(maps[place]).toBe(costMapBytes(view, place).toString());
          }
        }
      }),
      { numRuns: 200 },
    );
    expect(patches).toBeGreaterThan(500);
  });
});

describe("the maps of a changed view", () => {
  it("are those of a view that is opened on what is there now", () => {
    fc.assert(
      fc.property(nodes, links, change, (first, initial, { nodes: next, links: news, removed }) => {
        const changed = changeView(openView("c", { seq: 1, tag: "t1" }, first, initial), { seq: 2, tag: "t2" }, next, news, removed);
        const now = new Map(initial.map((one) => [`${one.source}->${one.destination}`, one]));
        for (const name of removed) now.delete(name);
        for (const one of news) now.set(`${one.source}->${one.destination}`, one);
        const opened = openView("c", { seq: 2, tag: "t2" }, next ?? first, [...now.values()]);
        expect(networkMapBytes(changed)).toEqual(networkMapBytes(opened));
        for (const [place] of costSources.entries()) expect(costMapBytes(changed, place)).toEqual(costMapBytes(opened, place));
      }),
      { numRuns: 200 },
    );
  });

  it("are canonical JSON: what reads them and writes them again in order has the same bytes", () => {
    fc.assert(
      fc.property(nodes, links, (first, initial) => {
        const view = openView("c", { seq: 1, tag: "t1" }, first, initial);
        for (const bytes of [networkMapBytes(view), costMapBytes(view, 0)]) expect(canonicalJson(parse(bytes))).toBe(bytes.toString());
      }),
    );
  });
});
