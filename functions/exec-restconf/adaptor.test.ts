import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { RestconfResource } from "../../domain/intent/catalogue/restconf-resource/payload.ts";
import type { Order } from "../../domain/intent/order.ts";
import { type Lab, startLab } from "../../lab/lab.ts";
import { reachable } from "../../services/controllers.ts";
import { openPools, type Pools } from "../pools.ts";
import { restconfAdaptor } from "./adaptor.ts";

let lab: Lab;
let pools: Pools;
beforeAll(async () => {
  lab = await startLab();
  pools = openPools(4);
});
afterEach(() => lab.reset());
afterAll(async () => {
  await pools.close();
  await lab.close();
});

const contact = (text: string, path = "ietf-system:system/contact"): Order => ({
  executioner: "restconf",
  resource: `data/${path}`,
  expectationIds: ["1"],
  origins: [],
  payload: { path, content: { "ietf-system:contact": text } } satisfies RestconfResource,
});
const adaptor = () => restconfAdaptor({ controllers: reachable(lab.controllers), ...pools, signal: AbortSignal.timeout(5_000) });

describe("data resources of a RESTCONF server", () => {
  it("are only those below the roots that the operator allows", async () => {
    for (const path of ["ietf-system:system", "ietf-system:system/contact-other", "ietf-interfaces:interfacesx/a=1"])
      expect(await adaptor().observe(contact("a", path))).toMatchObject({
        ok: false,
        code: "RESTCONF_PATH_NOT_ALLOWED",
        reason: expect.stringContaining("ietf-system:system/contact"),
      });
    expect(await adaptor().observe(contact("a", "ietf-interfaces:interfaces/interface=eth0"))).toMatchObject({ ok: true });
    expect(lab.ledger.counters().requests["restconf"]).toEqual({ get: 1 });
  });

  it("that were there before any intent are left alone, and left alone when that is undone", async () => {
    await adaptor().apply(contact("somebody else's"), { state: "absent" }, undefined);
    const seen = await adaptor().observe(contact("ours"));
    if (!seen.ok) throw new Error(seen.reason);
    expect(seen.value).toMatchObject({ state: "present", differs: ["contact"] });
    expect(await adaptor().apply(contact("ours"), seen.value, undefined)).toMatchObject({ ok: false, code: "RESTCONF_RESOURCE_FOREIGN" });
    expect(await adaptor().undo(contact("ours"), undefined)).toEqual([]);
    expect(await adaptor().observe(contact("somebody else's"))).toMatchObject({ value: { state: "present", differs: [] } });
  });

  it.each([
    [400, "RESTCONF_REFUSED"],
    [403, "RESTCONF_REFUSED"],
  ])("are refused for good where the server answers %i", async (status, code) => {
    lab.faults.add({ kind: "status", peer: "restconf", status });
    expect(await adaptor().apply(contact("a"), { state: "absent" }, undefined)).toMatchObject({ ok: false, code });
  });

  it.each([500, 503, 429, 408])("may be had later where it answers %i", async (status) => {
    lab.faults.add({ kind: "status", peer: "restconf", status });
    await expect(adaptor().apply(contact("a"), { state: "absent" }, undefined)).rejects.toMatchObject({ code: "RESTCONF_UNAVAILABLE" });
  });

  it("refuse content that is not what the path names, in the server's words", async () => {
    const odd = contact("a");
    const answer = await adaptor().apply(
      { ...odd, payload: { ...odd.payload, content: { "ietf-system:hostname": "h" } } },
      { state: "absent" },
      undefined,
    );
    expect(answer).toMatchObject({
      ok: false,
      code: "RESTCONF_REFUSED",
      reason: expect.stringContaining("ietf-system:hostname is not what the path names"),
    });
  });
});
