import type { Happening, Wanted } from "../../domain/intent/lifecycle.ts";
import type { Intent } from "../../domain/intent/model.ts";
import type { Order } from "../../domain/intent/order.ts";

export const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

export const resources = ["a", "b", "c", "d"] as const;
export const orderOf = (resource: string): Order => ({
  executioner: "x",
  resource,
  expectationIds: [resource],
  origins: [],
  payload: { resource },
});
export const keyOf = ({ executioner, resource }: { executioner: string; resource: string }): string => `${executioner} ${resource}`;

export const intentOf = (asked: readonly string[], priority = 1): Intent => ({
  id: "i",
  userLabel: "l",
  intentExpectations: (asked.length === 0 ? ["none"] : asked).map((id) => ({
    expectationId: id,
    expectationVerb: "DELIVER",
    expectationObject: { objectType: "T", objectContexts: [] },
    expectationTargets: [{ targetName: "latency", targetCondition: "IS_LESS_THAN", targetValueRange: 1 }],
    expectationContexts: [],
  })),
  intentContexts: [],
  intentAdminState: "ACTIVATED",
  intentPriority: priority,
});

export const asked = (ids: readonly string[], wanted: Wanted = "active", priority = 1) => ({
  intent: intentOf(ids, priority),
  orders: ids.map(orderOf),
  wanted,
});
export const executed = (resource: string, submission: number): Happening => ({
  kind: "executed",
  executioner: "x",
  resource,
  submission,
  effect: "created",
  declared: { latency: 0.5 },
});
export const failed = (resource: string, submission: number, residue: readonly string[] = []): Happening => ({
  kind: "failed",
  executioner: "x",
  resource,
  submission,
  code: "NO",
  reason: "because",
  residue,
});
export const refused = (submission: number): Happening => ({ kind: "refused", submission, code: "NO", reason: "because" });
