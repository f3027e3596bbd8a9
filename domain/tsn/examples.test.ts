import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readNetwork } from "./formats/network.ts";
import type { Problem } from "./model.ts";
import { plan, validate } from "./operations.ts";

const network = readNetwork(readFileSync(new URL("examples/five-bridges.json", import.meta.url), "utf8"));
if (!network.ok) throw new Error(JSON.stringify(network.faults));
const { problem } = network.value;
const nodes = (change: (node: Problem["nodes"][number]) => object) => problem.nodes.map((node) => ({ ...node, ...change(node) }));
const links = (change: (link: Problem["links"][number]) => object) => problem.links.map((link) => ({ ...link, ...change(link) }));

/** What a network of this kind may be like; each has to be schedulable and right. */
const variants: Readonly<Record<string, Problem>> = {
  "as it is": problem,
  "without clock errors": { ...problem, nodes: nodes(() => ({ syncErrorNs: 0 })) },
  "with gates that switch every nanosecond": { ...problem, links: links(({ gates }) => ({ gates: { ...gates, tickNs: 1 } })) },
  "without guard bands": { ...problem, guardBand: "none" },
  "with preemption": {
    ...problem,
    guardBand: "preempt",
    links: links(() => ({ preemption: { addFragSize: 0, holdAdvanceNs: 0, releaseAdvanceNs: 0 } })),
  },
  "with hold and release": {
    ...problem,
    guardBand: "hold",
    links: links(() => ({ preemption: { addFragSize: 0, holdAdvanceNs: 2000, releaseAdvanceNs: 0 } })),
  },
};

describe("five bridges and a 5G system", () => {
  it.each(Object.entries(variants))("are scheduled without a fault, %s", (_, asked) => {
    const planned = plan(asked);
    expect(planned).toMatchObject({ ok: true, value: { verdict: "scheduled" } });
    if (!planned.ok || planned.value.verdict !== "scheduled") return;
    expect(validate(asked, planned.value.schedule)).toEqual([]);
    expect(planned.value.schedule.ports.every(({ entries }) => entries.length <= 63)).toBe(true);
  });
});
