import { expect, it } from "vitest";
import { defineFunction } from "./function.ts";
import { openResources } from "./resources.ts";

it("opens each opener once a process, on the backing that the host was given", () => {
  let opened = 0;
  const openStore = (backing: { readonly name: string }) => ({ on: backing.name, number: (opened += 1) });
  const fn = (name: string) =>
    defineFunction({ name, summary: "", on: [], emits: [], resources: { store: openStore, own: () => name }, handle: () => [] });
  const resources = openResources([fn("a"), fn("b")], { name: "memory" });
  expect(resources.get("a")).toEqual({ store: { on: "memory", number: 1 }, own: "a" });
  expect(resources.get("b")?.["store"]).toBe(resources.get("a")?.["store"]);
  expect(opened).toBe(1);
});
