import { afterEach, expect, it } from "vitest";
import { existing } from "./build.ts";
import type { Part } from "./parts.ts";

const part: Part = {
  name: "nothing",
  version: "v0.0.0-never",
  source: { module: "example.invalid/nothing", package: "." },
  variable: "REAL_NOTHING",
  usedBy: [],
};
afterEach(() => {
  delete process.env["REAL_NOTHING"];
});

it("takes the program that a variable names", () => {
  process.env["REAL_NOTHING"] = process.execPath;
  expect(existing(part)).toEqual({ path: process.execPath, how: "named by REAL_NOTHING" });
});

it("says so where a variable names nothing, instead of taking another", () => {
  process.env["REAL_NOTHING"] = "/nowhere/at/all";
  expect(existing(part)).toEqual({ why: "REAL_NOTHING names /nowhere/at/all, which is not there" });
});

it("has nothing where nothing was named or built", () => {
  expect(existing(part)).toBeUndefined();
});
