import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TsnInput } from "../../domain/tsn/formats/network.ts";
import { validate } from "../../domain/tsn/operations.ts";
import { Schedule } from "../../domain/tsn/schedule.ts";
import { apiOf } from "../support/api.ts";
import { clear, grounds } from "../support/ground.ts";
import { type Settings, settings, startProcess, type SystemProcess, until } from "../support/system.ts";

const root = new URL("../../domain/", import.meta.url);
const network = readFileSync(new URL("tsn/examples/five-bridges.json", root), "utf8");
const valve = readFileSync(new URL("intent/catalogue/tsn-stream/examples/valve.yaml", root), "utf8");

interface Standing {
  readonly revision: number;
  readonly schedule: Schedule;
  readonly input: TsnInput;
}

interface Told {
  readonly events: readonly { readonly type: string; readonly subject: string; readonly data: Readonly<Record<string, unknown>> }[];
}

describe.each(Object.entries(grounds))("time-sensitive streams %s", (_, env) => {
  let given: Settings;
  let system: SystemProcess;
  let api: ReturnType<typeof apiOf>;
  const standing = async (): Promise<Standing> => (await api.call<Standing>("GET", "/v1/tsn/domains/plant-1")).body;
  /** Waits for what is told of a domain after a request, and answers it. */
  const told = (kind: string, n: number) =>
    until(
      async () => (await api.call<Told>("GET", `/v1/events?type=tsn.${kind}&subject=plant-1`)).body.events[n - 1]?.data,
      20_000,
      `the ${String(n)}th tsn.${kind}`,
    );
  const ask = (request: object) => api.call<{ request: string }>("POST", "/v1/tsn/domains/plant-1/requests", JSON.stringify(request));
  const offsets = ({ schedule }: Standing): Readonly<Record<string, number>> =>
    Object.fromEntries(schedule.streams.map(({ id, members }) => [id, members[0]?.hops[0]?.startNs ?? -1]));
  const faults = ({ schedule, input }: Standing) => validate(TsnInput.parse(input).problem, Schedule.parse(schedule));

  beforeAll(async () => {
    given = await settings([], { ATTEMPTS: "3", PATIENCE_MS: "8000", ...env });
    await clear(env);
    system = await startProcess(given);
    api = apiOf(system);
  });
  afterAll(async () => {
    const { code } = await system.end("SIGTERM");
    await given.remove();
    expect(code, "stops cleanly").toBe(0);
  });

  it("have no place in a domain that nobody knows: the intent says where to put its network", async () => {
    expect((await api.call("GET", "/v1/tsn/domains/plant-1")).status).toBe(404);
    const [refused] = await api.apply(valve);
    expect(refused).toMatchObject({ state: "FULFILMENTFAILED", orders: [{ code: "TSN_DOMAIN_UNKNOWN" }, { code: "TSN_DOMAIN_UNKNOWN" }] });
    await api.remove("valve");
  });

  it("are planned when a network is put there, and refused with line and path when it is none", async () => {
    const bad = await api.call<{ code: string; problems: readonly { line: number; path: string }[] }>(
      "PUT",
      "/v1/tsn/domains/plant-1/network",
      network.replace('"sw5"', '"sw9"'),
    );
    expect(bad).toMatchObject({ status: 422, body: { code: "TSN_NETWORK_INVALID" } });
    expect(bad.body.problems[0]?.line).toBeGreaterThan(1);

    expect((await api.call("PUT", "/v1/tsn/domains/plant-1/network", network)).status).toBe(202);
    expect(await told("scheduled", 1)).toMatchObject({ operation: "plan", revision: 1, streamCount: 7 });
    const now = await standing();
    expect(now.schedule.streams).toHaveLength(7);
    expect(faults(now)).toEqual([]);
  });

  it("of an intent are placed without a move of the others, reported with latency and jitter proven, and gone when it is deleted", async () => {
    const before = await standing();
    const [applied] = await api.apply(valve);
    expect(applied).toMatchObject({
      state: "FULFILLED",
      orders: [
        { executioner: "tsn", resource: "stream/plant-1/valve-open", effect: "created" },
        { executioner: "tsn", resource: "stream/plant-1/valve-2", effect: "created" },
      ],
    });
    const after = await standing();
    expect(offsets(after)).toMatchObject(offsets(before));
    expect(faults(after)).toEqual([]);
    expect(await told("scheduled", 3)).toMatchObject({ operation: "admit", revision: after.revision, streamCount: 9 });
    const placed = after.schedule.streams.find(({ id }) => id === "valve-2");
    const target = (name: string, ns: number | undefined) => ({
      targetName: name,
      targetFulfilmentInfo: { fulfilmentStatus: "FULFILLED" },
      targetAchievedValue: (ns ?? Number.NaN) / 1e6,
      targetAchievedValueSource: "DECLARED",
    });
    expect(applied?.report.intentFulfilmentReport.expectationFulfilmentResult[1]).toMatchObject({
      expectaitonId: "2",
      targetFulfilmentResult: [target("latency", placed?.latencyNs), target("jitter", placed?.jitterNs)],
    });
    expect(placed?.latencyNs).toBeLessThan(1_000_000);

    const [again] = await api.apply(valve);
    expect(again).toMatchObject({ generation: 1, orders: [{ effect: "unchanged" }, { effect: "unchanged" }] });
    expect((await standing()).revision).toBe(after.revision);

    const [changed] = await api.apply(valve.replace('"120"', '"140"'));
    expect(changed).toMatchObject({ generation: 2, state: "FULFILLED", orders: [{ effect: "unchanged" }, { effect: "changed" }] });
    const { touchedLinks, ports } = await told("scheduled", 4);
    expect(touchedLinks).toContain("robot>sw3");
    expect((ports as Schedule["ports"]).map(({ link }) => link)).toEqual(expect.arrayContaining(touchedLinks as string[]));
    expect((await standing()).input.problem.streams.find(({ id }) => id === "valve-2")?.frameBytes).toBe(140);
    expect(faults(await standing())).toEqual([]);

    expect(await api.remove("valve")).toMatchObject({ state: "TERMINATED", orders: [{ effect: "removed" }, { effect: "removed" }] });
    const left = await standing();
    expect(offsets(left)).toEqual(offsets(before));
    expect(left.schedule.ports).toEqual(before.schedule.ports);
  });

  it("that no schedule can carry fail with the proof, and change nothing", async () => {
    const before = await standing();
    const [refused] = await api.apply(valve.replace("16 ms", "3 ms"));
    expect(refused).toMatchObject({ state: "FULFILMENTFAILED" });
    const failed = refused?.orders.find(({ resource }) => resource.endsWith("valve-open"));
    expect(failed).toMatchObject({ code: "TSN_INFEASIBLE", reason: expect.stringContaining("proof: latency") as string });
    await api.remove("valve");
    expect((await standing()).schedule).toEqual(before.schedule);
  });

  it("are admitted and removed on request; what cannot be done is told with its reason", async () => {
    const before = await standing();
    const stream = { id: "probe", talker: "hmi", listeners: ["camera"], intervalNs: 2_000_000, frameBytes: 80, maxLatencyNs: 1_000_000 };
    expect((await ask({ operation: "admit", streams: [{ ...stream, talker: 5 }] })).status).toBe(422);
    expect((await ask({ operation: "admit", revision: before.revision, streams: [stream] })).status).toBe(202);
    const admitted = await until(
      async () => {
        const now = await standing();
        return now.revision > before.revision ? now : undefined;
      },
      20_000,
      "the admission",
    );
    expect(offsets(admitted)).toMatchObject(offsets(before));

    await ask({ operation: "remove", revision: before.revision, streamIds: ["probe"] });
    expect(await told("refused", 1)).toMatchObject({ operation: "remove", code: "TSN_REVISION_CHANGED" });
    await ask({ operation: "remove", streamIds: ["nobody"] });
    expect(await told("refused", 2)).toMatchObject({ code: "TSN_STREAM_UNKNOWN" });
    await ask({ operation: "admit", streams: [{ ...stream, id: "late", maxLatencyNs: 10 }] });
    expect(await told("infeasible", 1)).toMatchObject({ operation: "admit", certificate: { kind: "latency", stream: "late" } });

    await ask({ operation: "remove", streamIds: ["probe"] });
    await until(async () => ((await standing()).schedule.streams.length === 7 ? true : undefined), 20_000, "the removal");
    expect((await standing()).schedule).toEqual(before.schedule);
  });
});
