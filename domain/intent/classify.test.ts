import { describe, expect, it } from "vitest";
import { expectation, intent, selects, unit } from "../../test/support/small-catalogue.ts";
import { classify } from "./classify.ts";
import type { IntentLibrary } from "./library.ts";

describe("classifying an intent", () => {
  const libraries = [unit("a", "A1", "A2"), unit("b", "B")];

  it("gives every expectation to its library, in the order of the intent", () => {
    const classified = classify(
      intent(expectation("1", "B"), expectation("2", "A1"), expectation("3", "B"), expectation("4", "A2")),
      libraries,
    );
    expect(classified.ok && classified.value.map(({ library, expectationIds }) => [library.name, expectationIds])).toEqual([
      ["b", ["1", "3"]],
      ["a", ["2", "4"]],
    ]);
  });

  it("does not let a verb meet the object type of another expectation", () => {
    const creating: IntentLibrary = { ...unit("c"), selects: [["l", "CREATE", "B"]] };
    const crossed = intent(expectation("1", "B"), expectation("2", "A1", { expectationVerb: "CREATE" }));
    expect(classify(crossed, [...libraries, creating])).toMatchObject({
      code: "INTENT_UNCLASSIFIABLE",
      path: "/intentExpectations/1/expectationObject/objectType",
    });
  });

  it("compares label, verb and object type exactly", () => {
    for (const given of [
      { ...intent(expectation("1", "B")), userLabel: "L" },
      intent(expectation("1", "B", { expectationVerb: "ENSURE" })),
      intent(expectation("1", "b")),
      intent(expectation("1", "B ")),
      intent(expectation("1", "constructor")),
      { ...intent(expectation("1", "l")), userLabel: "B" },
    ])
      expect(classify(given, libraries)).toMatchObject({ ok: false, code: "INTENT_UNCLASSIFIABLE" });
  });

  it("names what is known under the label, and the labels when that is not known either", () => {
    expect(classify(intent(expectation("1", "C")), libraries)).toMatchObject({
      reason: "no library selects l/DELIVER/C; known under l: DELIVER/A1, DELIVER/A2, DELIVER/B",
    });
    expect(classify({ ...intent(expectation("1", "B")), userLabel: "x" }, libraries)).toMatchObject({
      reason: "no library selects x/DELIVER/B; known labels: l",
    });
    expect(classify(intent(expectation("1", "B")), [])).toMatchObject({ code: "INTENT_UNCLASSIFIABLE" });
  });

  it("refuses two libraries for one expectation, and names both", () => {
    expect(classify(intent(expectation("1", "A1"), expectation("2", "B")), [...libraries, unit("other", "B")])).toMatchObject({
      code: "INTENT_AMBIGUOUS",
      reason: expect.stringMatching(/\bb, other\b/),
      path: "/intentExpectations/1/expectationObject/objectType",
    });
  });

  it("takes two paths of one library to one object type for no ambiguity", () => {
    expect(classify(intent(expectation("1", "B")), [{ ...unit("b"), selects: selects("B", "B") }]).ok).toBe(true);
  });
});
