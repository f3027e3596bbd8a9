import { expect, it } from "vitest";
import { tableOf } from "./matrix.ts";

it("lays vectors down and hosts across, and says why a cell is empty or differs", () => {
  const text = tableOf({
    hosts: [{ name: "local" }, { name: "of-watchdog", why: "there is none" }],
    rows: [
      { vector: "one answer", cells: { local: "equal" } },
      { vector: "late", cells: {} },
    ],
    known: [{ vector: "late", hosts: ["local"], why: "it is late" }],
  });
  expect(text.split("\n")).toEqual([
    "| vector     | local   | of-watchdog |",
    "| ---------- | ------- | ----------- |",
    "| one answer | equal   | skipped     |",
    "| late       | not run | skipped     |",
    "",
    "skipped, of-watchdog: there is none",
    "differs as known, late, on local: it is late",
  ]);
});
