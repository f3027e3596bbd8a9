import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import type { LinkMeasured } from "../../domain/probe/model.ts";
import { ProbeMeasured } from "../../events/probe.ts";
import { type Lab, startLab } from "../../lab/lab.ts";
import { openAmqp } from "../../runtime/broker/amqp.ts";
import type { Broker } from "../../runtime/broker/broker.ts";
import { encodeAmqp } from "../../runtime/codec/amqp.ts";
import { apiOf } from "../support/api.ts";
import { clear, onServers } from "../support/ground.ts";
import { annex91 } from "../support/intents.ts";
import { amqpUrl } from "../support/rabbitmq.ts";
import { type Settings, settings, startProcess, type SystemProcess, until } from "../support/system.ts";
import { endOf, look, rate } from "../support/topology.ts";

interface Refused {
  readonly code: string;
  readonly problems: readonly { readonly reason: string }[];
  readonly intentConflictReports: readonly {
    readonly conflictingIntent: string;
    readonly conflictingResource: string;
    readonly nearestValue: string;
  }[];
}

/** Annex 9.1 under another id, over another VLAN, with another bandwidth. */
async function link(id: string, vlan: number, gbps: number): Promise<string> {
  const text = (await annex91()).replace("'999'", `'${String(vlan)}'`);
  const { Intent } = parse(text) as { Intent: { intentExpectations: { expectationTargets: { targetName: string }[] }[] } };
  const intentExpectations = Intent.intentExpectations.map((expectation) => ({
    ...expectation,
    expectationTargets: [{ targetName: "bandwidth", targetCondition: "IS_EQUAL_TO_OR_GREATER_THAN", targetValueRange: gbps }],
  }));
  return stringify({ Intent: { ...Intent, id, intentExpectations } });
}

describe("what a probe measured between two routers", () => {
  let lab: Lab;
  let given: Settings;
  let system: SystemProcess;
  let broker: Broker;
  let api: ReturnType<typeof apiOf>;

  beforeAll(async () => {
    lab = await startLab();
    const probes = { "3.3.3.3": "kind-kind/one", "5.5.5.5": "kind-kind/two" };
    const controllers = lab.controllers.map((c) => (c.executioner === "tfs" ? { ...c, probes } : c));
    given = await settings(controllers, { ...onServers, ATTEMPTS: "3", PATIENCE_MS: "8000", COST_MAP_EVERY_MS: "5000" });
    await clear(onServers);
    system = await startProcess(given);
    api = apiOf(system);
    broker = await openAmqp({ url: amqpUrl, log: { info: () => undefined, warn: () => undefined, error: () => undefined } });
  });
  afterAll(async () => {
    await broker.close();
    const { code } = await system.end("SIGTERM");
    await given.remove();
    await lab.close();
    expect(code, "stops cleanly").toBe(0);
  });

  async function measured(mbps: number, measuredAt: string): Promise<void> {
    const [one, two] = [endOf("one", "10.0.0.1"), endOf("two", "10.0.0.2")];
    const data: LinkMeasured = { ...look(one, two, [rate(mbps)]), measuredAt };
    await broker.publish([
      encodeAmqp(ProbeMeasured.make({ source: "/probes/one", subject: "kind-kind/one->kind-kind/two", id: measuredAt, data })),
    ]);
  }
  const refusal = (file: string): Promise<Refused> =>
    until(
      async () => {
        const { status, body } = await api.call<Refused>("POST", "/v1/plans", file);
        return status === 422 ? body : undefined;
      },
      15_000,
      "the measurement to count",
    );

  it("refuses an intent beyond it before any effect, by plan and apply, and lets one within it through", { timeout: 60_000 }, async () => {
    expect((await api.apply(await link("first", 100, 0.5)))[0]?.state).toBe("FULFILLED");
    const at = new Date().toISOString();
    await measured(940, at);
    const told = await refusal(await link("second", 101, 0.6));
    const effects = lab.ledger.entries().length;
    const applied = await api.call<Refused>("POST", "/v1/intents", await link("second", 101, 0.6));
    expect([applied.status, applied.body.code]).toEqual([422, "BANDWIDTH_EXCEEDED"]);
    expect(applied.body.problems).toEqual(told.problems);
    const measuredAt = at.replace(/\.\d+Z$/, "Z");
    expect(told.problems[0]?.reason).toBe(
      "intent second (expectation 1) wants 0.6 Gbit/s of the path from 3.3.3.3 to 5.5.5.5, which has 0.94 Gbit/s in all " +
        `(measured 940 Mbit/s at ${measuredAt}), and intent first (expectation 1, priority 1) has 0.5 Gbit/s of it; at most 0.44 Gbit/s would do`,
    );
    expect(told.intentConflictReports).toMatchObject([
      { conflictingIntent: "first", conflictingResource: "the path from 3.3.3.3 to 5.5.5.5", nearestValue: "at most 0.44 Gbit/s" },
    ]);
    expect(lab.ledger.entries()).toHaveLength(effects);
    expect((await api.apply(await link("second", 101, 0.44)))[0]?.state).toBe("FULFILLED");
  });

  it("refuses nothing when it is stale: after three periods of the cost map", { timeout: 90_000 }, async () => {
    const within = await link("third", 102, 5);
    expect((await api.call("POST", "/v1/plans", within)).status, "while it is fresh").toBe(422);
    await until(async () => ((await api.call("POST", "/v1/plans", within)).status === 200 ? true : undefined), 70_000, "it to be stale");
  });
});
