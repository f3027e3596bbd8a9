import { type Dispatcher, request } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFaults } from "../faults.ts";
import { openLedger } from "../ledger.ts";
import { bareService, fullService } from "./sample.ts";
import { startTfs, type TfsSimulator } from "./server.ts";

const ledger = openLedger();
const faults = openFaults();
let nowMs = 0;
let tfs: TfsSimulator;

beforeEach(async () => {
  tfs = await startTfs(ledger, faults, { now: () => nowMs });
});
afterEach(async () => {
  await tfs.close();
  ledger.reset();
  faults.clear();
});

async function call(method: Dispatcher.HttpMethod, path: string, body?: unknown, signal?: AbortSignal) {
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const headers = { "content-type": "application/json" };
  const options = { method, headers, ...(text === undefined ? {} : { body: text }), ...(signal === undefined ? {} : { signal }) };
  const response = await request(new URL(`tfs-api/${path}`, tfs.address), options);
  return { status: response.statusCode, body: (await response.body.json()) as unknown };
}
const services = "context/admin/services";
const one = "context/admin/service/new_intent_2-1";
const effects = () => ledger.entries().map((e) => `${e.effect} ${e.object}`);
const statusNow = async () =>
  ((await call("GET", one)).body as { service_status: { service_status: string } }).service_status.service_status;

describe("the native REST interface", () => {
  it("creates a bare service, configures it by PUT and reports it ACTIVE with names of enums and texts of values", async () => {
    const id = {
      context_id: { context_uuid: { uuid: "43813baf-195e-5da6-af20-b3d0922e71a7" } },
      service_uuid: { uuid: expect.any(String) as string },
    };
    expect(await call("POST", services, { services: [bareService()] })).toEqual({ status: 200, body: [id] });
    expect(await statusNow()).toBe("SERVICESTATUS_PLANNED");
    expect(await call("PUT", one, fullService())).toEqual({ status: 200, body: id });
    const { body } = await call("GET", one);
    expect(body).toMatchObject({
      service_id: id,
      name: "new_intent_2-1",
      service_type: "SERVICETYPE_L2NM",
      service_status: { service_status: "SERVICESTATUS_ACTIVE" },
      service_endpoint_ids: [
        { endpoint_uuid: { uuid: "90ee9eb3-0c93-5d9b-b726-5628cf44f517" } },
        { endpoint_uuid: { uuid: "057b26e8-53cf-5ec9-9169-cf2298f2781e" } },
      ],
      service_constraints: [
        { action: "CONSTRAINTACTION_SET", custom: { constraint_type: "bandwidth[gbps]", constraint_value: "10.0" } },
        { action: "CONSTRAINTACTION_SET", custom: { constraint_type: "latency[ms]", constraint_value: "15.2" } },
      ],
      service_config: {
        config_rules: [{ action: "CONFIGACTION_SET", custom: { resource_key: "/settings", resource_value: "{}" } }, {}, {}],
      },
    });
    const { config_rules } = (body as { service_config: { config_rules: { custom: { resource_value: string } }[] } }).service_config;
    expect(JSON.parse(config_rules[1]?.custom.resource_value ?? "")).toMatchObject({ vlan_id: 999, remote_router: "5.5.5.5" });
    expect(effects()).toEqual(["created service/new_intent_2-1", "changed service/new_intent_2-1"]);
    expect(ledger.objects()).toEqual([{ peer: "tfs", object: "service/new_intent_2-1" }]);
  });

  it("refuses with 500 what the real Service component does not accept at create, and enters nothing", async () => {
    const full = fullService();
    for (const extra of ["service_endpoint_ids", "service_constraints", "service_config"] as const)
      expect((await call("POST", services, { ...bareService(), [extra]: full[extra] })).status).toBe(500);
    expect((await call("POST", services, { ...bareService(), colour: "blue" })).status).toBe(500);
    expect((await call("POST", services, { ...bareService(), service_type: "L2NM" })).status).toBe(500);
    expect(effects()).toEqual([]);
    expect((await call("POST", services, [bareService()])).status).toBe(200);
    expect((await call("POST", services, bareService())).status).toBe(500); // exists
    expect(effects()).toEqual(["created service/new_intent_2-1"]);
  });

  it("answers 400 to a body that is no JSON or names another context or service than the URL", async () => {
    expect((await call("POST", services, "{")).status).toBe(400);
    expect((await call("PUT", one, "no")).status).toBe(400);
    expect(await call("POST", "context/other/services", bareService())).toEqual({
      status: 400,
      body: { message: "Mismatching context_uuid" },
    });
    expect(await call("PUT", one, fullService("another"))).toEqual({ status: 400, body: { message: "Mismatching service_uuid" } });
    expect(effects()).toEqual([]);
  });

  it("wants constraint values as texts and an action in every rule", async () => {
    const number = { ...fullService(), service_constraints: [{ custom: { constraint_type: "latency[ms]", constraint_value: 15.2 } }] };
    const idle = { ...fullService(), service_config: { config_rules: [{ custom: { resource_key: "/settings", resource_value: {} } }] } };
    expect([(await call("PUT", one, number)).status, (await call("PUT", one, idle)).status]).toEqual([500, 500]);
    expect(effects()).toEqual([]);
  });

  it("answers the same 500 to an absent service, on GET and DELETE", async () => {
    const absent = { status: 500, body: { message: "Internal Server Error" } };
    expect([await call("GET", one), await call("DELETE", one)]).toEqual([absent, absent]);
  });

  it("finds a service by its UUID, and by a name that holds a slash", async () => {
    await call("PUT", "context/admin/service/a/b", fullService("a/b"));
    const { body } = await call("GET", "context/admin/service/a/b");
    const { uuid } = (body as { service_id: { service_uuid: { uuid: string } } }).service_id.service_uuid;
    expect((await call("GET", `context/admin/service/${uuid}`)).body).toMatchObject({ name: "a/b" });
  });

  it("lists services and their ids, of an unknown context none", async () => {
    await call("PUT", one, fullService());
    expect((await call("GET", services)).body).toMatchObject({ services: [{ name: "new_intent_2-1" }] });
    expect((await call("GET", "context/admin/service_ids")).body).toMatchObject({ service_ids: [{ service_uuid: {} }] });
    expect(await call("GET", "context/nobody/services")).toEqual({ status: 200, body: { services: [] } });
  });

  it("enters no effect for a PUT that changes nothing, and for one that does exactly one", async () => {
    await call("PUT", one, fullService());
    await call("PUT", one, fullService());
    expect(effects()).toEqual(["created service/new_intent_2-1"]);
    await call("PUT", one, fullService("new_intent_2-1", 1000));
    expect(effects()).toEqual(["created service/new_intent_2-1", "changed service/new_intent_2-1"]);
    expect(ledger.counters().requests).toEqual({ tfs: { "tfs-api.update": 3 } });
  });

  it("adds endpoints to those there are, as the real Context does, and removes a rule only by name", async () => {
    await call("PUT", one, fullService());
    const [first] = fullService().service_endpoint_ids;
    const moved = { ...fullService(), service_endpoint_ids: [{ ...first, device_id: { device_uuid: { uuid: "7.7.7.7" } } }] };
    const rules = [{ action: "CONFIGACTION_DELETE", custom: { resource_key: "/settings", resource_value: "" } }];
    await call("PUT", one, { ...moved, service_config: { config_rules: rules } });
    const { body } = await call("GET", one);
    const { service_endpoint_ids, service_config } = body as { service_endpoint_ids: object[]; service_config: { config_rules: object[] } };
    expect([service_endpoint_ids.length, service_config.config_rules.length]).toEqual([3, 2]);
  });

  it("deletes with 200 and an empty object", async () => {
    await call("PUT", one, fullService());
    expect(await call("DELETE", one)).toEqual({ status: 200, body: {} });
    expect(ledger.objects()).toEqual([]);
    expect(effects().at(-1)).toBe("removed service/new_intent_2-1");
  });

  it("takes devices, and with strictDevices only services between known ones", async () => {
    const strict = await startTfs(ledger, faults, { strictDevices: true });
    const put = async () => {
      const response = await request(new URL(`tfs-api/${one}`, strict.address), { method: "PUT", body: JSON.stringify(fullService()) });
      await response.body.dump();
      return response.statusCode;
    };
    expect(await put()).toBe(500);
    const devices = ["3.3.3.3", "5.5.5.5"].map((uuid) => ({ device_id: { device_uuid: { uuid } }, device_type: "emu-packet-router" }));
    const registered = await request(new URL("tfs-api/devices", strict.address), { method: "POST", body: JSON.stringify({ devices }) });
    expect(await registered.body.json()).toMatchObject([{ device_uuid: { uuid: "f399e7e0-607d-5c9d-a61f-9aaa6bca2df8" } }, {}]);
    expect(await put()).toBe(200);
    await strict.close();
  });
});

describe("faults of TeraFlowSDN", () => {
  it("destroy the connection before the effect", async () => {
    faults.add({ kind: "destroy", peer: "tfs", operation: "tfs-api.create", times: 1 });
    await expect(call("POST", services, bareService())).rejects.toThrow();
    expect(effects()).toEqual([]);
    expect((await call("POST", services, bareService())).status).toBe(200);
  });

  it("destroy the connection after the effect: the caller cannot know, the ledger does", async () => {
    faults.add({ kind: "destroy", when: "after", peer: "tfs", operation: "tfs-api.create", times: 1 });
    await expect(call("POST", services, bareService())).rejects.toThrow();
    expect(effects()).toEqual(["created service/new_intent_2-1"]);
    expect((await call("POST", services, bareService())).status).toBe(500);
  });

  it("answer with a status before or after the effect", async () => {
    const put = async () =>
      (await request(new URL(`tfs-api/${one}`, tfs.address), { method: "PUT", body: JSON.stringify(fullService()) })).statusCode;
    faults.add({ kind: "status", status: 502, operation: "tfs-api.update", times: 1 });
    expect([await put(), effects()]).toEqual([502, []]);
    faults.add({ kind: "status", status: 503, when: "after", operation: "tfs-api.update", times: 1 });
    expect([await put(), effects()]).toEqual([503, ["created service/new_intent_2-1"]]);
  });

  it("hang until the caller gives up, and do not keep the simulator from closing", async () => {
    faults.add({ kind: "hang", operation: "tfs-api.get" });
    await expect(call("GET", one, undefined, AbortSignal.timeout(50))).rejects.toThrow();
    void call("GET", one).catch(() => undefined);
  });

  it("delay what changes something and leave reads alone", async () => {
    faults.add({ kind: "delay", operation: "mutating", delayMs: 500 });
    const started = performance.now();
    await call("GET", "context/admin/service_ids");
    const read = performance.now() - started;
    await call("POST", services, bareService());
    expect(performance.now() - started - read).toBeGreaterThanOrEqual(490);
    expect(read).toBeLessThan(490);
  });

  it("keep a service PLANNED for a while", async () => {
    faults.add({ kind: "activate", operation: "tfs-api.update", afterMs: 1000 });
    await call("PUT", one, fullService());
    expect(await statusNow()).toBe("SERVICESTATUS_PLANNED");
    nowMs += 1000;
    expect(await statusNow()).toBe("SERVICESTATUS_ACTIVE");
  });

  it("let a service succeed and then fail", async () => {
    faults.add({ kind: "fall-back", operation: "tfs-api.update", afterMs: 500, to: "SERVICESTATUS_UNDEFINED", times: 1 });
    await call("PUT", one, fullService());
    expect(await statusNow()).toBe("SERVICESTATUS_ACTIVE");
    nowMs += 500;
    expect(await statusNow()).toBe("SERVICESTATUS_UNDEFINED");
    await call("PUT", one, fullService());
    expect(await statusNow()).toBe("SERVICESTATUS_ACTIVE");
    expect(effects()).toEqual(["created service/new_intent_2-1"]);
  });
});
