import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { type Lab, startLab } from "../../lab/lab.ts";
import { apiOf } from "../support/api.ts";
import { clear, onServers } from "../support/ground.ts";
import { annex91, annex92 } from "../support/intents.ts";
import { type Settings, settings, startProcess, until } from "../support/system.ts";

/** Where an executioner can die on the way of one order: forward the first time, and the second time while the order is undone. */
const steps = ["received", "claimed", "observed", "before-apply", "applied", "committed", "published", "confirmed", "settled", "acked"];
const reporterSteps = ["received", "published", "confirmed", "acked"];
/** News that intent-report has of the intent: three orders, one of which fails, and the undoing of the two others. */
const NEWS = 5;

const grid = [
  ...["exec-tfs", "exec-l2sm"].flatMap((fn) => steps.flatMap((step) => [`${fn}:${step}`, `${fn}:${step}#2`])),
  ...["received", "claimed", "observed", "before-apply", "applied", "committed", "published", "acked"].map(
    (step) => `exec-peering:${step}`,
  ),
  ...reporterSteps.flatMap((step) => Array.from({ length: NEWS }, (_, i) => `intent-report:${step}#${String(i + 1)}`)),
];
const isLong = process.env["FAULT"] === "long";
/** In the short form every fourth point, so that each function and both directions are among them. */
const cases = isLong ? grid : grid.filter((_, i) => i % 4 === 1);

interface Document {
  Intent: { id: string; userLabel: string; intentExpectations: Record<string, unknown>[] };
}

/** One intent over TeraFlowSDN, two clusters and a Peering API. */
async function threeControllers(): Promise<string> {
  const of = (text: string, id: string) =>
    (parse(text) as Document).Intent.intentExpectations.map((e) => ({ ...e, expectationId: `${id}${String(e["expectationId"])}` }));
  const is = (contextAttribute: string, contextValueRange: unknown) => ({
    contextAttribute,
    contextCondition: "IS_EQUAL_TO",
    contextValueRange,
  });
  const session = {
    expectationId: "session",
    expectationVerb: "DELIVER",
    expectationObject: {
      objectType: "BGP_SESSION",
      objectContexts: [is("localAsn", 64512), is("localIp", "192.0.2.1"), is("peerAsn", 64513), is("peerType", "private")],
    },
    expectationContexts: [is("location", "pdb:ix:1")],
  };
  const intentExpectations = [...of(await annex91(), "link-"), ...of(await annex92(), "network-"), session];
  return stringify({ Intent: { id: "over-three", userLabel: "cloud_continuum", intentExpectations } });
}

let lab: Lab;
let given: Settings;
let file: string;

beforeAll(async () => {
  file = await threeControllers();
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

it(`looks at ${String(cases.length)} of the ${String(grid.length)} points where a process can die`, () => {
  expect(cases.length).toBeGreaterThan(isLong ? 60 : 15);
});

it.each(cases)(
  "an intent that fails in part leaves nothing on any controller when a process dies at %s",
  { timeout: 60_000 },
  async (point) => {
    lab.faults.add({ kind: "status", peer: "peering", operation: "mutating", status: 422 });
    const doomed = await startProcess({ ...given, env: { ...given.env, CRASH_AT: point } });
    const taken = await apiOf(doomed).submit(file);
    expect(taken.status).toBe(202);
    expect(await doomed.ended(20_000)).toEqual({ code: null, signal: "SIGKILL" });

    const system = await startProcess(given);
    try {
      const intent = await until(
        async () => {
          const { body } = await apiOf(system).intent("over-three", 1_000);
          return body.isSettled ? body : undefined;
        },
        30_000,
        "the intent to be settled",
      );
      const { notFulfilledReasons } = intent.report.intentFulfilmentReport.intentFulfilmentInfo;
      expect([intent.state, notFulfilledReasons?.at(-1)]).toEqual([
        "FULFILMENTFAILED",
        expect.stringMatching(/^UNDONE: .* was taken back$/),
      ]);
      expect(lab.ledger.objects()).toEqual([]);
      // It was there: what is counted as taken back was really built before.
      expect(new Set(lab.ledger.entries().map(({ effect }) => effect))).toEqual(new Set(["created", "changed", "removed"]));
    } finally {
      expect((await system.end("SIGTERM")).code).toBe(0);
    }
  },
);
