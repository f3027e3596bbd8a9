import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { catalogue } from "../domain/intent/catalogue/index.ts";
import type { Adaptor, Observed } from "../domain/intent/adaptor.ts";
import { advance } from "../domain/intent/lifecycle.ts";
import type { Order } from "../domain/intent/order.ts";
import { ok, type Outcome, refuse } from "../domain/outcome.ts";
import { defineExecutioner } from "../functions/executioner.ts";
import { TransientError } from "../runtime/errors.ts";
import { memoryHoldings } from "../state/holdings.ts";
import { memoryIntents } from "../state/intents.ts";
import { memorySecrets, type SecretStore } from "../state/secrets.ts";
import { reachable } from "./controllers.ts";
import { type Ingress, openIngress } from "./ingress/ingress.ts";
import { openLooker } from "./look.ts";
import { openPlanner, type Planner } from "./plan.ts";

const annex = (name: string): string => readFileSync(new URL(`../test/golden/${name}`, import.meta.url), "utf8");
const vpn = annex("annex-9.1-tfs-l2vpn.yaml");
const network = annex("annex-9.2-l2sm.yaml");

let sees: (order: Order) => Outcome<Observed> | Error;
let opened: (string | undefined)[];
let calls: string[];
let intents: ReturnType<typeof memoryIntents>;
let secrets: SecretStore;
let ingress: Ingress;
let planner: Planner;

const never = (name: string) => (): Promise<never> => {
  calls.push(name);
  return Promise.reject(new Error(`a plan must not ${name}`));
};

const looker = (executioner: string) =>
  defineExecutioner({
    executioner,
    summary: "Looks, and must do nothing else.",
    resources: { secrets: () => secrets },
    adaptor: ({ secrets: lent }, { exact }): Adaptor => ({
      target: () => executioner,
      async observe(order) {
        if (!exact) throw new Error("a plan has to look exactly");
        const ref = /secretRef:[\w-]+/.exec(JSON.stringify(order))?.[0];
        if (ref !== undefined) opened.push(await lent.open(ref));
        const seen = sees(order);
        if (seen instanceof Error) throw seen;
        return seen;
      },
      apply: never("apply"),
      withdraw: never("withdraw"),
      undo: never("undo"),
    }),
  });

beforeEach(() => {
  opened = [];
  calls = [];
  sees = () => ok({ state: "absent" });
  intents = memoryIntents();
  secrets = memorySecrets(Buffer.alloc(32, 1));
  const controllers = reachable([
    { executioner: "tfs", origin: "http://192.168.165.10" },
    { executioner: "l2sm", origin: "http://192.168.165.10" },
    { executioner: "cluster", origin: "https://172.18.0.3:6443" },
  ]);
  ingress = openIngress({
    holdings: memoryHoldings(),
    catalogue,
    controllers,
    intents,
    secrets,
    publish: () => Promise.resolve(),
    now: () => new Date("2026-01-01T00:00:00Z"),
  });
  const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  planner = openPlanner({
    looker: openLooker({
      executioners: ["tfs", "l2sm"].map((e) => ({ executioner: looker(e), resources: { secrets } })),
      secrets,
      log,
    }),
    intents,
  });
});

const candidates = (text: string) => {
  const read = ingress.read(Buffer.from(text));
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.candidates;
};
const planOf = async (text: string) => {
  const plan = await planner.plan(candidates(text));
  if (!plan.ok) throw new Error(plan.code);
  return plan.value;
};
const present = (differs: readonly string[] = []): Outcome<Observed> => ok({ state: "present", differs, pending: false, declared: {} });
const both = `${vpn}\n---\n${network}`;

describe("a plan", () => {
  it("says what would be created, on every adaptor, without doing or keeping anything", async () => {
    const { changes, steps } = await planOf(both);
    expect(steps).toEqual([
      { intentId: "new_intent_2", executioner: "tfs", resource: "service/new_intent_2-1", change: "create", differs: [] },
      { intentId: "mncc_l2sm_1", executioner: "l2sm", resource: "l2network/default/spain-network", change: "create", differs: [] },
    ]);
    expect([changes, calls, await intents.list({ limit: 9 })]).toEqual([2, [], []]);
  });

  it("is empty when everything is there already, and names what differs when it is not", async () => {
    sees = () => present();
    expect(await planOf(vpn)).toMatchObject({ changes: 0, steps: [{ change: "none" }] });
    sees = () => present(["vlanId"]);
    expect(await planOf(vpn)).toMatchObject({ changes: 1, steps: [{ change: "change", differs: ["vlanId"] }] });
  });

  it("says what would be deleted because nobody asks for it any more, or because it is suspended", async () => {
    await ingress.submit(candidates(network));
    sees = () => present();
    const renamed = await planOf(network.replaceAll(/spain[_-]network/g, "france"));
    expect(renamed.steps.map((s) => [s.resource, s.change])).toEqual([
      ["l2network/default/france", "none"],
      ["l2network/default/spain-network", "delete"],
    ]);
    expect((await planOf(network.replace("'ACTIVATED'", "'DEACTIVATED'"))).steps.map((s) => s.change)).toEqual(["delete"]);
    sees = () => ok({ state: "absent" });
    expect((await planOf(network.replace("'ACTIVATED'", "'DEACTIVATED'"))).steps.map((s) => s.change)).toEqual(["none"]);
  });

  it("looks with the secrets of an intent that was never applied, and keeps none of them", async () => {
    await planOf(network);
    expect(opened).toEqual(["not-a-real-token"]);
    const [ref] = candidates(network)[0]?.secrets.keys() ?? [];
    expect(await secrets.open(String(ref))).toBeUndefined();
  });

  it("has the same hash while applying would do the same, and another when not", async () => {
    const { hash } = await planOf(vpn);
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    expect((await planOf(vpn)).hash).toBe(hash);
    expect((await planOf(vpn.replace("'999'", "998"))).hash).not.toBe(hash);
    expect((await planOf(vpn.replace("'ACTIVATED'", "'DEACTIVATED'"))).hash).not.toBe(hash);
    sees = () => present(["vlanId"]);
    expect((await planOf(vpn)).hash).not.toBe(hash);
    await intents.update("other", () => undefined);
    sees = () => ok({ state: "absent" });
    expect((await planOf(vpn)).hash).toBe(hash);
    const taken = await ingress.submit(candidates(vpn));
    const record = taken.ok ? taken.records[0] : undefined;
    const done = {
      kind: "executed",
      executioner: "tfs",
      resource: "service/new_intent_2-1",
      submission: 1,
      effect: "created",
      declared: {},
    } as const;
    await intents.update("new_intent_2", () => record && advance(record, done, "2026-01-01T00:00:01Z"));
    sees = () => present();
    expect((await planOf(vpn)).hash).not.toBe(hash);
  });

  it("is refused as the controller refuses", async () => {
    sees = () => refuse("TFS_REFUSED", "no");
    expect(await planner.plan(candidates(vpn))).toMatchObject({ ok: false, code: "TFS_REFUSED" });
  });

  it("is refused when no function serves an order", async () => {
    const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
    const bare = openPlanner({ looker: openLooker({ executioners: [], secrets, log }), intents });
    expect(await bare.plan(candidates(vpn))).toMatchObject({ ok: false, code: "EXECUTIONER_UNKNOWN" });
  });

  it("fails in a way that may pass when a controller does not answer", async () => {
    sees = () => new TransientError("TFS_UNREACHABLE", "no answer");
    await expect(planner.plan(candidates(vpn))).rejects.toThrow(TransientError);
  });
});
