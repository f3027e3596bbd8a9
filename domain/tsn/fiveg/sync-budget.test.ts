import { describe, expect, it } from "vitest";
import { Link, Node } from "../model.ts";
import { syncErrors, withSyncErrors } from "./sync-budget.ts";

const node = (id: string, kind: Node["kind"] = "bridge") => Node.parse({ id, kind });
const both = (a: string, b: string) => [
  Link.parse({ id: `${a}>${b}`, from: a, to: b, rateMbps: 1000 }),
  Link.parse({ id: `${b}>${a}`, from: b, to: a, rateMbps: 1000 }),
];

describe("the time synchronisation budget", () => {
  const nodes = [node("gm"), node("a"), node("b"), node("5gs", "5gs"), node("far"), node("island")];
  const links = [...both("gm", "a"), ...both("a", "b"), ...both("gm", "5gs"), ...both("5gs", "far"), ...both("b", "far")];

  it("grows with each hop of gPTP, and takes the way with the least error, not the fewest hops", () => {
    const plan = { grandmaster: "gm", perHopErrorNs: 40, fiveGsErrorNs: 900 };
    const errors = syncErrors({ nodes, links }, plan);
    expect(Object.fromEntries(errors.map(({ node: id, errorNs }) => [id, errorNs]))).toEqual({
      gm: 0,
      a: 40,
      b: 80,
      "5gs": 900,
      far: 120,
      island: undefined,
    });
    expect(errors.find(({ node: id }) => id === "far")?.hops).toBe(3);
  });

  it("becomes each node's margin, and leaves alone what no time reaches", () => {
    const marked = nodes.map((n) => ({ ...n, syncErrorNs: 7 }));
    const after = withSyncErrors(marked, syncErrors({ nodes, links }, { grandmaster: "gm", perHopErrorNs: 10, fiveGsErrorNs: 900 }));
    expect(after.map(({ syncErrorNs }) => syncErrorNs)).toEqual([0, 10, 20, 900, 30, 7]);
  });
});
