import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type Lab, startLab } from "../../lab/lab.ts";
import { clear, onServers } from "../support/ground.ts";
import { apiOf } from "../support/api.ts";
import { annex91, annex92, asNemoJson } from "../support/intents.ts";
import { publishAll } from "../support/rabbitmq.ts";
import { type Settings, settings, startProcess, until } from "../support/system.ts";

/** Where a worker can die on the way of one order; what each leaves behind is found by observing, as docs/architecture.md tells. */
const boundaries = [
  "received",
  "claimed",
  "observed",
  "before-apply",
  "applied",
  "committed",
  "published",
  "confirmed",
  "settled",
  "acked",
] as const;

let lab: Lab;
let given: Settings;

beforeAll(async () => {
  lab = await startLab();
  given = await settings(lab.controllers, { ...onServers, LOG_LEVEL: "warn" });
});
beforeEach(async () => {
  lab.reset();
  await clear(onServers);
});
afterAll(async () => {
  await given.remove();
  await lab.close();
});

const cases = boundaries.flatMap((step) => [
  {
    step,
    fn: "exec-tfs",
    id: "new_intent_2",
    file: annex91,
    effects: ["tfs created service/new_intent_2-1", "tfs changed service/new_intent_2-1"],
  },
  {
    step,
    fn: "exec-l2sm",
    id: "mncc_l2sm_1",
    file: annex92,
    effects: ["cluster:kind-worker-cluster-1 created l2networks/default/spain-network"],
  },
]);

it.each(cases)(
  "a process that dies at `$step` of $fn leaves one effect, whole",
  { timeout: 60_000 },
  async ({ step, fn, id, file, effects }) => {
    const doomed = await startProcess({ ...given, env: { ...given.env, CRASH_AT: `${fn}:${step}` } });
    await publishAll("mo", "create-network-paths", [asNemoJson(await file())]);
    expect(await doomed.ended(20_000)).toEqual({ code: null, signal: "SIGKILL" });

    const system = await startProcess(given);
    try {
      const state = await until(
        async () => {
          const { body } = await apiOf(system).intent(id, 1_000);
          return body.isSettled ? body.state : undefined;
        },
        30_000,
        `${id} to be settled`,
      );
      expect(state).toBe("FULFILLED");
      expect(lab.ledger.entries().map(({ peer, effect, object }) => `${peer} ${effect} ${object}`)).toEqual(effects);
    } finally {
      expect((await system.end("SIGTERM")).code).toBe(0);
    }
  },
);
