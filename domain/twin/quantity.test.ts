import { expect, it } from "vitest";
import { quantityOf } from "./quantity.ts";

it.each([
  ["250m", 0.25],
  ["1", 1],
  ["100n", 1e-7],
  ["1.5", 1.5],
  ["128Mi", 134_217_728],
  ["1k", 1_000],
  ["2Gi", 2_147_483_648],
  ["1e3", 1_000],
  ["12E", 12e18],
  [0.5, 0.5],
  ["", null],
  ["1mm", null],
  ["-1", null],
  ["lots", null],
  [undefined, null],
])("reads the quantity %j as %j", (text, value) => {
  expect(quantityOf(text)).toBe(value);
});
