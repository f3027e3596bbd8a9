import { z } from "zod";
import { ok, type Outcome, refuse } from "../../../outcome.ts";
import { readContexts, readTargets } from "../../attributes.ts";
import type { IntentLibrary, TranslationRefusal } from "../../library.ts";
import type { IntentExpectation } from "../../model.ts";
import { effectName } from "../../name.ts";
import type { Order } from "../../order.ts";
import { bandwidthGbps, httpUrl, interfaceName, latencyMs, nodeName, plainName, vlanId } from "../../values.ts";
import { claims } from "./claims.ts";
import type { L2vpn } from "./payload.ts";

// D2.3 Table 10, and endpointDst, which the table omits and annex 9.1 has.
const objectContexts = z.strictObject({
  nodeSrc: nodeName,
  nodeDst: nodeName,
  endpointSrc: interfaceName,
  endpointDst: interfaceName,
  vlanId,
  niName: plainName.optional(),
});

const targets = {
  bandwidth: { value: bandwidthGbps, conditions: ["IS_EQUAL_TO_OR_GREATER_THAN", "IS_GREATER_THAN", "IS_EQUAL_TO"] },
  latency: { value: latencyMs, conditions: ["IS_LESS_THAN", "IS_EQUAL_TO_OR_LESS_THAN", "IS_EQUAL_TO"] },
} as const;

const expectationContexts = z.strictObject({ url: httpUrl.optional() });

export const library: IntentLibrary = {
  name: "tfs-l2vpn",
  summary: "Point-to-point L2VPN as a TeraFlowSDN service (ILU).",
  selects: [["cloud_continuum", "DELIVER", "L2VPN_TFS"]],
  claims,
  translate(intent) {
    const orders: Order[] = [];
    for (const [i, expectation] of intent.intentExpectations.entries()) {
      const order = orderOf(intent.id, expectation, `/intentExpectations/${String(i)}`);
      if (!order.ok) return order;
      orders.push(order.value);
    }
    return ok({ kind: "orders", orders });
  },
};

function orderOf(intentId: string, expectation: IntentExpectation, place: string): Outcome<Order, TranslationRefusal> {
  const object = readContexts(objectContexts, expectation.expectationObject.objectContexts, `${place}/expectationObject/objectContexts`);
  if (!object.ok) return object;
  const wanted = readTargets(targets, expectation.expectationTargets, `${place}/expectationTargets`);
  if (!wanted.ok) return wanted;
  const where = readContexts(expectationContexts, expectation.expectationContexts, `${place}/expectationContexts`);
  if (!where.ok) return where;

  const { nodeSrc, nodeDst, endpointSrc, endpointDst, niName } = object.value;
  if (nodeSrc === nodeDst && endpointSrc === endpointDst)
    return refuse(
      "CONTEXT_INVALID",
      "nodeSrc and nodeDst are the same endpoint of the same node",
      `${place}/expectationObject/objectContexts`,
    );
  const service = effectName(intentId, expectation.expectationId);
  const payload: L2vpn = {
    service,
    source: { node: nodeSrc, endpoint: endpointSrc },
    destination: { node: nodeDst, endpoint: endpointDst },
    vlanId: object.value.vlanId,
    ...(niName === undefined ? {} : { niName }),
    ...(wanted.value.bandwidth === undefined ? {} : { bandwidthGbps: wanted.value.bandwidth }),
    ...(wanted.value.latency === undefined ? {} : { latencyMs: wanted.value.latency }),
  };
  return ok({
    executioner: "tfs",
    resource: `service/${service}`,
    expectationIds: [expectation.expectationId],
    ...(where.value.url === undefined ? {} : { controller: where.value.url }),
    origins: [],
    payload,
  });
}
