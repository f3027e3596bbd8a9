import { z } from "zod";
import { ok, type Outcome } from "../../../outcome.ts";
import { readContexts, readTargets } from "../../attributes.ts";
import type { IntentLibrary, TranslationRefusal } from "../../library.ts";
import type { IntentExpectation } from "../../model.ts";
import type { Order } from "../../order.ts";
import { httpUrl } from "../../values.ts";
import { dataPath, type RestconfResource } from "./payload.ts";

const expectedContent = { error: "expected a JSON object, as text" };

const content = z.string(expectedContent).transform((text, context) => {
  const parsed = z.record(z.string(), z.unknown()).safeParse(jsonOf(text));
  if (parsed.success && Object.keys(parsed.data).length === 1) return parsed.data;
  context.addIssue({ code: "custom", message: "expected a JSON object of one member, as a PUT to the path carries it" });
  return z.NEVER;
});

const objectContexts = z.strictObject({ path: dataPath, content });
const expectationContexts = z.strictObject({ url: httpUrl.optional() });

/** For devices that have a YANG model and no library of their own: the intent says which data resource has which content. */
export const library: IntentLibrary = {
  name: "restconf-resource",
  summary: "One data resource of a RESTCONF server, with the content that the intent spells out (ILU).",
  selects: [["cloud_continuum", "DELIVER", "RESTCONF_RESOURCE"]],
  translate(intent) {
    const orders: Order[] = [];
    for (const [i, expectation] of intent.intentExpectations.entries()) {
      const order = orderOf(expectation, `/intentExpectations/${String(i)}`);
      if (!order.ok) return order;
      orders.push(order.value);
    }
    return ok({ kind: "orders", orders });
  },
};

function orderOf(
  { expectationId, expectationObject, expectationTargets, expectationContexts: around }: IntentExpectation,
  place: string,
): Outcome<Order, TranslationRefusal> {
  const targets = readTargets({}, expectationTargets, `${place}/expectationTargets`);
  if (!targets.ok) return targets;
  const object = readContexts(objectContexts, expectationObject.objectContexts, `${place}/expectationObject/objectContexts`);
  if (!object.ok) return object;
  const where = readContexts(expectationContexts, around, `${place}/expectationContexts`);
  if (!where.ok) return where;
  const { url } = where.value;
  const payload: RestconfResource = object.value;
  return ok({
    executioner: "restconf",
    // The same path on two servers is two resources.
    resource: `data/${url === undefined ? "" : `${new URL(url).host}/`}${payload.path}`,
    expectationIds: [expectationId],
    ...(url === undefined ? {} : { controller: url }),
    origins: [],
    payload,
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
