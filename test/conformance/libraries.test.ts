import { describe, expect, it } from "vitest";
import { catalogue } from "../../domain/intent/catalogue/index.ts";
import type { Context, Intent } from "../../domain/intent/model.ts";
import { Order } from "../../domain/intent/order.ts";
import { resolve } from "../../domain/intent/resolve.ts";
import { isExecutioner } from "../../functions/executioner.ts";
import { functions } from "../../functions/index.ts";
import { deepFreeze, type Example, examplesOf, golden, placesOf, shareOfExample } from "./library-examples.ts";

const examples = catalogue.flatMap(examplesOf);
const everyExample = examples.map((example) => [`${example.library.name}/${example.name}`, example] as const);
const executioners = functions.filter(isExecutioner).map(({ executioner }) => executioner);
/** Libraries whose contexts are anybody's: they end in a line of the log, and nowhere else. */
const takesAnything = new Set(["log"]);
const strict = everyExample.filter(([, { library }]) => !takesAnything.has(library.name));

const resolveExample = ({ intent }: Pick<Example, "intent">) => resolve(intent, catalogue);
const codeOf = (intent: Intent): string => {
  const resolved = resolve(intent, catalogue);
  return resolved.ok ? "taken" : resolved.code;
};

describe("the catalogue", () => {
  it("has libraries of different names, each with an example", () => {
    expect(catalogue.length).toBeGreaterThan(0);
    expect(new Set(catalogue.map((l) => l.name)).size).toBe(catalogue.length);
    expect(catalogue.filter((l) => examplesOf(l).length === 0).map((l) => l.name)).toEqual([]);
  });

  it("has no keyword path that selects two libraries", () => {
    const selectors = catalogue.flatMap((l) => l.selects.map((words) => words.join("/")));
    expect(selectors.filter((words, i) => selectors.indexOf(words) !== i)).toEqual([]);
  });
});

describe.each(everyExample)("%s", (_, example) => {
  const share = deepFreeze(shareOfExample(example));

  it("is translated to exactly its golden file, without a touch on the intent", () => {
    const translated = example.library.translate(share);
    expect(translated).toEqual({ ok: true, value: golden(example, translated.ok ? translated.value : undefined) });
  });

  it("is translated the same way every time", () => {
    expect(JSON.stringify(example.library.translate(structuredClone(share)))).toBe(JSON.stringify(example.library.translate(share)));
  });

  it("comes down to orders that an existing function serves, each about a resource of its own", () => {
    const resolved = resolveExample(example);
    const orders = resolved.ok ? resolved.value : [];
    expect(orders.length).toBeGreaterThan(0);
    for (const order of orders) {
      expect(Order.parse(order)).toEqual(order);
      expect(executioners).toContain(order.executioner);
    }
    expect(new Set(orders.map((o) => `${o.executioner} ${o.resource}`)).size).toBe(orders.length);
  });

  it("accounts for every expectation in its orders", () => {
    const resolved = resolveExample(example);
    const served = resolved.ok ? resolved.value.flatMap((o) => o.expectationIds) : [];
    expect(served.toSorted()).toEqual(example.intent.intentExpectations.map((e) => e.expectationId).toSorted());
  });

  it("has none of its secrets in an order or a sub-intent", () => {
    const said = JSON.stringify([example.library.translate(share), resolveExample(example)]);
    for (const secret of example.secrets) expect(said).not.toContain(secret);
  });
});

describe.each(strict)("%s", (_, example) => {
  const places = placesOf(example.intent);

  it("says CONTEXT_MISSING with the name, when a context is left out that it needs", () => {
    const needed = places.filter((place) => codeOf(place.with([])) !== "taken");
    expect(needed.length).toBeGreaterThan(2);
    for (const place of needed) {
      const refused = resolve(place.with([]), catalogue);
      // NEMO's engine calls a network's name `network`; the refusal says `name`.
      const name = place.context.contextAttribute === "network" ? "name" : place.context.contextAttribute;
      expect(refused).toMatchObject({ ok: false, code: "CONTEXT_MISSING" });
      expect(refused).toHaveProperty("reason", expect.stringContaining(name));
    }
  });

  it("refuses a context that it does not know, by its name and place", () => {
    for (const name of ["nodeSource", "constructor", "toString", "__proto__", "hasOwnProperty"])
      for (const place of places) {
        const stranger: Context = { contextAttribute: name, contextCondition: "IS_EQUAL_TO", contextValueRange: "x" };
        const refused = resolve(place.with([stranger, place.context]), catalogue);
        expect(refused).toMatchObject({ ok: false, code: "CONTEXT_UNKNOWN", path: place.path, reason: expect.stringContaining(name) });
      }
  });

  it("refuses a context that is given twice", () => {
    for (const place of places) expect(codeOf(place.with([place.context, place.context]))).toBe("CONTEXT_INVALID");
  });

  it("refuses every condition but equality", () => {
    for (const place of places)
      for (const contextCondition of ["IS_LESS_THAN", "IS_ONE_OF", "IS_WITHIN_RANGE"] as const) {
        const refused = resolve(place.with([{ ...place.context, contextCondition }]), catalogue);
        expect(refused).toMatchObject({ ok: false, code: "CONDITION_UNSUPPORTED", path: `${place.path}/contextCondition` });
      }
  });

  it.each([
    "../",
    "..",
    "a/../../b",
    "]/x[",
    "a]/endpoint[b",
    "a\u0000b",
    "a\r\nX-Injected: 1",
    "a\n",
    "${jndi:ldap://x}",
    "{{7*7}}",
    "a b",
    "a;b",
    "a'b\"c",
    "<b>",
    "%2e%2e%2f",
    "-rf",
    "",
    " ",
    "a".repeat(300),
  ])("lets no %j into an order, whatever context it stands in", (injected) => {
    for (const place of places) {
      const refused = resolve(place.with([{ ...place.context, contextValueRange: injected }]), catalogue);
      expect(refused, place.path).toMatchObject({ ok: false, code: "CONTEXT_INVALID" });
      if (injected.trim() !== "") expect(JSON.stringify(refused)).not.toContain(injected);
    }
  });

  it("refuses lists and truth values where it needs one value", () => {
    for (const place of places.filter(({ context }) => !Array.isArray(context.contextValueRange)))
      for (const contextValueRange of [["a", "b"], true, []])
        expect(codeOf(place.with([{ ...place.context, contextValueRange }])), place.path).toBe("CONTEXT_INVALID");
  });
});
