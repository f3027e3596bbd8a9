import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { context, expectation, flat, type Json } from "../../test/support/loose-intent.ts";
import { Intent } from "./model.ts";
import { readIntent } from "./read.ts";

const refusalOf = (document: unknown) => {
  const read = readIntent(document);
  if (read.ok) throw new Error("it was taken");
  return [read.path, read.reason];
};

describe("refusing what is no intent", () => {
  it.each([
    ["no object", "text", ""],
    ["a list", [flat()], ""],
    ["nothing", null, ""],
    ["a root key with text behind it", { Intent: "text" }, "/Intent"],
    ["two root keys", { Intent: flat(), Other: {} }, ""],
    ["an id with a space", flat({ id: "a b" }), "/id"],
    ["an id with a path", flat({ id: "../../etc/passwd" }), "/id"],
    ["an empty id", flat({ id: "" }), "/id"],
    ["an id of 129 characters", flat({ id: "a".repeat(129) }), "/id"],
    ["no id", flat({ id: null }), "/id"],
    ["no label", flat({ userLabel: null }), "/userLabel"],
    ["no expectations", flat({ intentExpectations: [] }), "/intentExpectations"],
    [
      "101 expectations",
      flat({ intentExpectations: Array.from({ length: 101 }, (_, i) => expectation({ expectationId: i })) }),
      "/intentExpectations",
    ],
    ["expectations that are none", flat({ intentExpectations: [null] }), "/intentExpectations/0"],
    [
      "a verb that 3GPP and NEMO do not have",
      flat({ intentExpectations: [expectation({ expectationVerb: "DESTROY" })] }),
      "/intentExpectations/0/expectationVerb",
    ],
    ["no object", flat({ intentExpectations: [expectation({ expectationObject: null })] }), "/intentExpectations/0/expectationObject"],
    [
      "a condition that is none",
      flat({ intentContexts: [{ contextAttribute: "a", contextCondition: "IS_LIKE", contextValueRange: 1 }] }),
      "/intentContexts/0/contextCondition",
    ],
    [
      "a context without a value",
      flat({ intentContexts: [{ contextAttribute: "a", contextValueRange: null }] }),
      "/intentContexts/0/contextValueRange",
    ],
    ["an object as a value", flat({ intentContexts: [context("a", { b: 1 })] }), "/intentContexts/0/contextValueRange"],
    ["a priority of 0", flat({ intentPriority: 0 }), "/intentPriority"],
    ["a priority of 101", flat({ intentPriority: "101" }), "/intentPriority"],
    ["a priority of one and a half", flat({ intentPriority: 1.5 }), "/intentPriority"],
    ["a period of 0", flat({ observationPeriod: 0 }), "/observationPeriod"],
    ["NEMO's state MANAGED", flat({ intentAdminState: "MANAGED" }), "/intentAdminState"],
    ["a purpose that we do not serve", flat({ intentMgmtPurpose: "EXPLORATION" }), "/"],
    ["a field that nobody knows", flat({ intentExpectations: [expectation({ surprise: 1 })] }), "/intentExpectations/0"],
  ])("names the place of %s", (_, document, path) => {
    expect(refusalOf(document)).toEqual([path, expect.stringMatching(/./)]);
  });

  it("names the second of two expectations with one id", () => {
    expect(refusalOf(flat({ intentExpectations: [expectation(), expectation({ expectationId: 1 })] }))).toEqual([
      "/intentExpectations/1/expectationId",
      "expectationId 1 is given twice",
    ]);
  });

  it("names unknown fields, a few of them, and repeats nothing that is no name", () => {
    expect(refusalOf(flat({ surprise: 1 }))).toEqual(["/", "does not have surprise"]);
    expect(refusalOf(flat({ constructor: 1, toString: 2 }))).toEqual(["/", "does not have constructor, toString"]);
    const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`k${String(i)}`, 1]));
    expect(refusalOf(flat(many))).toEqual(["/", "does not have k0, k1, k2, 49997 more"]);
    for (const document of [
      flat({ "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.canary": 1 }),
      { Intent: flat(), "Bearer canary": 1 },
      flat({ [`canary${"x".repeat(5000)}`]: 1 }),
    ])
      expect(refusalOf(document)[1]).toMatch(/a key that is no name/);
  });

  it("pollutes no prototype, and takes no field from one", () => {
    for (const polluting of [
      '{"__proto__":{"id":"p","polluted":1}}',
      '{"Intent":{"__proto__":{"id":"p","polluted":1}}}',
      '{"id":"i","attributes":{"__proto__":{"polluted":1}}}',
    ]) {
      expect(readIntent(JSON.parse(polluting)).ok).toBe(false);
      expect(({} as Json)["polluted"]).toBeUndefined();
    }
    const text = JSON.stringify(flat()).replace('"id":"i"', '"id":"i","__proto__":{"polluted":1}');
    const read = readIntent(JSON.parse(text));
    expect(({} as Json)["polluted"]).toBeUndefined();
    if (read.ok) expect((read.value.intent as unknown as Json)["polluted"]).toBeUndefined();
  });

  it("never throws, whatever JSON it is given, and what it takes is strict", () => {
    const near = fc.constantFrom(
      "Intent",
      "id",
      "userLabel",
      "attributes",
      "intentExpectations",
      "expectationObject",
      "expectationTargets",
      "targetName",
      "targetAttribute",
      "targetValueRange",
      "contextAttribute",
      "toString",
      "__proto__",
      "constructor",
    );
    const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom("1,0", "x", "", null, 0, true),
        fc.array(tie("any"), { maxLength: 3 }),
        fc.dictionary(near, tie("any"), { maxKeys: 5 }),
      ),
    })).any;
    fc.assert(
      fc.property(fc.oneof(value, fc.jsonValue()), (document) => {
        const read = readIntent(document);
        if (read.ok) expect(Intent.safeParse(read.value.intent).success).toBe(true);
        else expect(typeof read.path).toBe("string");
      }),
      { numRuns: 2_000 },
    );
    const hostile = { toString: 1, valueOf: 1 };
    expect(
      readIntent(flat({ intentExpectations: [expectation({ expectationTargets: [{ targetName: hostile, targetValueRange: "1,0" }] })] }))
        .ok,
    ).toBe(false);
  });

  it("takes an intent with one part of it broken only when that part is still what the model allows", () => {
    let refused = 0;
    const paths = ["id", "userLabel", "intentExpectations", "intentContexts", "intentPriority", "observationPeriod", "intentAdminState"];
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue(), (name, broken) => {
        const read = readIntent(flat({ [name]: broken }));
        if (read.ok) return;
        refused += 1;
        expect(read.path?.startsWith(`/${name}`)).toBe(true);
      }),
    );
    expect(refused).toBeGreaterThan(0);
  });
});
