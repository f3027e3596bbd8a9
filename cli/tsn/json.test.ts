import fc from "fast-check";
import { expect, it } from "vitest";
import { linesOfJson } from "./json.ts";

it("is the same JSON, with a line for each item", () => {
  expect(linesOfJson({ a: 1, list: [{ x: [1, { y: 2 }] }, { x: [] }], flat: [1, 2], none: undefined, empty: {} })).toBe(
    '{\n  "a": 1,\n  "list": [\n    {"x":[1,{"y":2}]},\n    {"x":[]}\n  ],\n  "flat": [1,2],\n  "empty": {}\n}',
  );
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(linesOfJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
