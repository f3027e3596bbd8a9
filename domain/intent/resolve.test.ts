import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectation, intent, rewriter, selects, unit } from "../../test/support/small-catalogue.ts";
import { ok, refuse } from "../outcome.ts";
import { classify, shareOf } from "./classify.ts";
import type { IntentLibrary } from "./library.ts";
import type { Intent, IntentExpectation } from "./model.ts";
import { effectName } from "./name.ts";
import { MAX_DEPTH, resolve } from "./resolve.ts";
import { translate } from "./translate.ts";

describe("resolving an intent", () => {
  const chain = (length: number): readonly IntentLibrary[] => [
    ...Array.from({ length }, (_, i) => rewriter(`r${String(i)}`, `T${String(i)}`, `T${String(i + 1)}`)),
    unit("unit", `T${String(length)}`),
  ];

  it("rewrites until only orders are left, and no more than MAX_DEPTH times", () => {
    expect(resolve(intent(expectation("1", "T0")), chain(MAX_DEPTH))).toMatchObject({ ok: true, value: [{ executioner: "unit" }] });
    expect(resolve(intent(expectation("1", "T0")), chain(MAX_DEPTH + 1))).toMatchObject({ ok: false, code: "INTENT_CYCLE" });
  });

  it("refuses libraries that rewrite in a circle", () => {
    const circle = [rewriter("there", "A", "B"), rewriter("back", "B", "A")];
    expect(resolve(intent(expectation("1", "A")), circle)).toMatchObject({
      code: "INTENT_CYCLE",
      reason: expect.stringContaining(String(MAX_DEPTH)),
    });
    expect(resolve(intent(expectation("1", "A")), [rewriter("self", "A", "A")])).toMatchObject({ code: "INTENT_CYCLE" });
  });

  it("refuses two orders about one thing", () => {
    const one: IntentLibrary = {
      ...unit("one", "A"),
      translate: ({ intentExpectations }) =>
        ok({
          kind: "orders",
          orders: intentExpectations.map((e) => ({
            executioner: "one",
            resource: "same",
            expectationIds: [e.expectationId],
            origins: [],
            payload: {},
          })),
        }),
    };
    expect(resolve(intent(expectation("1", "A"), expectation("2", "A")), [one])).toMatchObject({
      code: "RESOURCE_TWICE",
      reason: expect.stringContaining("same"),
    });
    const other: IntentLibrary = {
      ...one,
      name: "other",
      selects: selects("B"),
      translate: () =>
        ok({ kind: "orders", orders: [{ executioner: "other", resource: "same", expectationIds: ["2"], origins: [], payload: {} }] }),
    };
    expect(resolve(intent(expectation("1", "A"), expectation("2", "B")), [one, other]).ok).toBe(true);
  });

  it("tells places in the intent that was written, however deep the refusal came from", () => {
    const picky: IntentLibrary = {
      ...unit("picky", "T1"),
      translate: (given) => {
        const at = given.intentExpectations.findIndex((e) => e.expectationId === "bad");
        return at < 0
          ? ok({ kind: "orders", orders: [] })
          : refuse("CONTEXT_INVALID", "no", `/intentExpectations/${String(at)}/expectationObject/objectContexts/3`);
      },
    };
    const libraries = [rewriter("r", "T0", "T1"), unit("other", "O"), picky];
    const asked = intent(expectation("1", "O"), expectation("good", "T0"), expectation("2", "O"), expectation("bad", "T0"));
    const path = "/intentExpectations/3/expectationObject/objectContexts/3";
    expect(resolve(asked, libraries)).toMatchObject({ code: "CONTEXT_INVALID", path });
    expect(
      resolve(
        intent(
          ...asked.intentExpectations.map((e) => ({
            ...e,
            expectationObject: { ...e.expectationObject, objectType: e.expectationObject.objectType.replace("T0", "T1") },
          })),
        ),
        libraries,
      ),
    ).toMatchObject({ path });
    const lost = [rewriter("r", "T0", "Nowhere"), unit("other", "O")];
    expect(resolve(asked, lost)).toMatchObject({
      code: "INTENT_UNCLASSIFIABLE",
      path: "/intentExpectations/1/expectationObject/objectType",
    });
  });
});

const context = fc.record({
  contextAttribute: fc.string({ minLength: 1, maxLength: 8 }),
  contextCondition: fc.constantFrom("IS_EQUAL_TO" as const, "IS_ONE_OF" as const),
  contextValueRange: fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string(), { maxLength: 3 })),
});
const contexts = fc.array(context, { maxLength: 3 });
const target = fc.record(
  {
    targetName: fc.string({ minLength: 1 }),
    targetCondition: fc.constant("IS_LESS_THAN" as const),
    targetValueRange: fc.integer(),
    targetContexts: contexts,
    contextSelectivity: fc.constant("ALL_OF" as const),
  },
  { requiredKeys: ["targetName", "targetCondition", "targetValueRange"], noNullPrototype: true },
);
const asked = fc.record(
  {
    id: fc.stringMatching(/^[a-z][a-z-]{0,8}$/),
    userLabel: fc.constant("l"),
    intentExpectations: fc.uniqueArray(
      fc.record({
        expectationId: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,3}$/),
        expectationVerb: fc.constant("DELIVER" as const),
        expectationObject: fc.record(
          { objectType: fc.constantFrom("T0", "T1", "T2", "U"), objectInstance: fc.string(), objectContexts: contexts },
          { noNullPrototype: true },
        ),
        expectationTargets: fc.array(target, { maxLength: 2 }),
        expectationContexts: contexts,
        contextSelectivity: fc.constantFrom("ALL_OF" as const, "ANY_OF" as const),
      }),
      { selector: (e) => e.expectationId, minLength: 1, maxLength: 5 },
    ),
    contextSelectivity: fc.constant("ONE_OF" as const),
    intentContexts: contexts,
    intentAdminState: fc.constant("ACTIVATED" as const),
    intentPriority: fc.integer({ min: 1, max: 100 }),
    observationPeriod: fc.integer({ min: 1, max: 1000 }),
  },
  {
    requiredKeys: ["id", "userLabel", "intentExpectations", "intentContexts", "intentAdminState", "intentPriority"],
    noNullPrototype: true,
  },
);
const libraries = [rewriter("r0", "T0", "T1"), rewriter("r1", "T1", "T2"), unit("t", "T2"), unit("u", "U")];

const deepFreeze = <T>(value: T): T => {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value))
    for (const inner of Object.values(Object.freeze(value))) deepFreeze(inner);
  return value;
};

describe("whatever is asked", () => {
  it("nothing of it is lost on the way to the orders but the object types that were rewritten", () => {
    fc.assert(
      fc.property(asked, (given) => {
        const resolved = resolve(deepFreeze(given), libraries);
        if (!resolved.ok) throw new Error(resolved.code);
        expect(
          resolved.value
            .map((o) => o.expectationIds)
            .flat()
            .toSorted(),
        ).toEqual(given.intentExpectations.map((e) => e.expectationId).toSorted());
        for (const order of resolved.value) {
          const original = given.intentExpectations.find((e) => e.expectationId === order.expectationIds[0]);
          const { expectation: arrived, around } = order.payload as { expectation: IntentExpectation; around: Intent };
          const objectType = original?.expectationObject.objectType === "U" ? "U" : "T2";
          expect(arrived).toEqual({ ...original, expectationObject: { ...original?.expectationObject, objectType } });
          expect(around).toEqual({ ...given, intentExpectations: [] });
        }
      }),
    );
  });

  it("the same comes of it every time, and going step by step gives what going in one go gives", () => {
    fc.assert(
      fc.property(asked, (given) => {
        const atOnce = resolve(deepFreeze(given), libraries);
        expect(JSON.stringify(resolve(structuredClone(given), libraries))).toBe(JSON.stringify(atOnce));
        const placed: unknown[] = [];
        const open = [given as Intent];
        for (let next = open.pop(); next !== undefined; next = open.pop()) {
          const classified = classify(next, libraries);
          if (!classified.ok) throw new Error(classified.code);
          const step = translate(
            next,
            classified.value.map(({ library, expectationIds }) => ({ library: library.name, expectationIds })),
            libraries,
          );
          if (!step.ok) throw new Error(step.code);
          placed.push(...step.value.orders);
          open.push(...step.value.derived.map((d) => d.intent));
        }
        const texts = (orders: readonly unknown[]) => orders.map((o) => JSON.stringify(o)).toSorted();
        expect(texts(placed)).toEqual(texts(atOnce.ok ? atOnce.value : []));
      }),
    );
  });

  it("a share has the expectations that it was asked for, and all the rest", () => {
    fc.assert(
      fc.property(asked, fc.nat(), (given, n) => {
        const chosen = given.intentExpectations.slice(0, n % (given.intentExpectations.length + 1));
        expect(
          shareOf(
            given,
            chosen.map((e) => e.expectationId),
          ),
        ).toEqual({ ...given, intentExpectations: chosen });
      }),
    );
  });
});

describe("translating one step", () => {
  it("places nothing of an intent when another expectation of it would be refused two rewrites later", () => {
    const refusing: IntentLibrary = {
      ...unit("t", "T2"),
      translate: () => refuse("CONTEXT_MISSING", "needs more", "/intentExpectations/0"),
    };
    const both = intent(expectation("1", "U"), expectation("2", "T0"));
    const matches = [
      { library: "u", expectationIds: ["1"] },
      { library: "r0", expectationIds: ["2"] },
    ];
    expect(translate(both, matches, [rewriter("r0", "T0", "T1"), rewriter("r1", "T1", "T2"), refusing, unit("u", "U")])).toMatchObject({
      ok: false,
      code: "CONTEXT_MISSING",
      path: "/intentExpectations/1",
    });
  });

  it("refuses a library that another version had chosen", () => {
    expect(translate(intent(expectation("1", "U")), [{ library: "gone", expectationIds: ["1"] }], libraries)).toMatchObject({
      code: "LIBRARY_UNKNOWN",
      reason: expect.stringContaining("gone"),
    });
  });

  it("has nothing to do where nothing is wanted", () => {
    expect(translate(intent(expectation("1", "Nobody knows")), [], libraries)).toEqual({ ok: true, value: { derived: [], orders: [] } });
  });
});

describe("the name of an effect", () => {
  it("is never that of another pair of intent and expectation", () => {
    const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:@+-]{0,8}$/);
    fc.assert(
      fc.property(id, id, id, id, (a, b, c, d) => fc.pre(a !== c || b !== d) === undefined && effectName(a, b) !== effectName(c, d)),
    );
    expect(effectName("a-b", "c")).not.toBe(effectName("a", "b-c"));
  });
});
