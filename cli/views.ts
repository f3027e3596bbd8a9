import type { Paint } from "./screen.ts";
import { styleOf, table } from "./table.ts";
import { type Intent, type IntentReport, type Ledger, type Order, reasonsOf, stateOf, type TargetResult } from "./wire.ts";

export type OrderRow = Order & { readonly intentId: string };

export const ordersOf = (intents: readonly Intent[]): readonly OrderRow[] =>
  intents.flatMap(({ id, orders }) => orders.map((order) => ({ intentId: id, ...order })));

export function intentTable(intents: readonly Intent[], paint: Paint): readonly string[] {
  if (intents.length === 0) return ["no intents"];
  return table(
    intents,
    [
      { title: "INTENT", of: (i) => i.id },
      { title: "GENERATION", of: (i) => i.generation },
      { title: "STATE", of: (i) => i.state, style: (i) => styleOf(i.state) },
      { title: "ORDERS", of: (i) => `${String(i.orders.filter((o) => o.state === "executed").length)}/${String(i.orders.length)}` },
      { title: "UPDATED", of: (i) => i.updatedAt },
      { title: "WAITS UNTIL", of: (i) => i.waitsUntil },
      { title: "REASON", of: (i) => reasonsOf(i).join("; ") },
    ],
    paint,
  );
}

export function orderTable(orders: readonly OrderRow[], paint: Paint): readonly string[] {
  if (orders.length === 0) return ["no orders"];
  return table(
    orders,
    [
      { title: "INTENT", of: (o) => o.intentId },
      { title: "EXECUTIONER", of: (o) => o.executioner },
      { title: "RESOURCE", of: (o) => o.resource },
      { title: "ACTION", of: (o) => o.action },
      { title: "STATE", of: (o) => o.state, style: (o) => styleOf(o.state) },
      { title: "EFFECT", of: (o) => o.effect },
      { title: "REASON", of: (o) => (o.code === undefined ? o.reason : `${o.code}: ${o.reason ?? ""}`) },
      { title: "LEFT BEHIND", of: (o) => o.residue?.join(", ") },
    ],
    paint,
  );
}

type TargetRow = Partial<TargetResult> & { readonly expectation: string; readonly state: string };

export function reportLines({ intentReference, lastUpdatedTime, intentFulfilmentReport }: IntentReport, paint: Paint): readonly string[] {
  const { intentFulfilmentInfo, expectationFulfilmentResult } = intentFulfilmentReport;
  const rows = expectationFulfilmentResult.flatMap(({ expectaitonId, expectationFulfilmentInfo, targetFulfilmentResult }): TargetRow[] => [
    { expectation: expectaitonId, state: stateOf(expectationFulfilmentInfo) },
    ...targetFulfilmentResult.map((target) => ({ ...target, expectation: expectaitonId, state: stateOf(target.targetFulfilmentInfo) })),
  ]);
  const state = stateOf(intentFulfilmentInfo);
  return [
    `${intentReference.replace(/^Intent=/, "")} is ${paint(state, styleOf(state))}, as of ${lastUpdatedTime}`,
    ...(intentFulfilmentInfo.notFulfilledReasons ?? []).map((reason) => `  ${reason}`),
    "",
    ...table(
      rows,
      [
        { title: "EXPECTATION", of: (r) => r.expectation },
        { title: "TARGET", of: (r) => r.targetName ?? "(itself)" },
        { title: "STATE", of: (r) => r.state, style: (r) => styleOf(r.state) },
        { title: "ACHIEVED", of: (r) => r.targetAchievedValue },
        { title: "SOURCE", of: (r) => r.targetAchievedValueSource },
      ],
      paint,
    ),
  ];
}

export function ledgerLines({ notice, entries, inventory }: Ledger, paint: Paint): readonly string[] {
  const done =
    entries.length === 0
      ? ["nothing was done to the simulators"]
      : table(
          entries,
          [
            { title: "SEQ", of: (e) => e.seq },
            { title: "TIME", of: (e) => e.at },
            { title: "PEER", of: (e) => e.peer },
            { title: "EFFECT", of: (e) => e.effect, style: (e) => styleOf(e.effect) },
            { title: "OBJECT", of: (e) => e.object },
            { title: "DETAIL", of: (e) => e.detail },
          ],
          paint,
        );
  const there =
    inventory.length === 0
      ? ["the simulators hold nothing"]
      : table(
          inventory,
          [
            { title: "PEER", of: (o) => o.peer },
            { title: "HOLDS", of: (o) => o.object },
          ],
          paint,
        );
  return [notice, "", ...done, "", ...there];
}
