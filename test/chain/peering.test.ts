import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openFaults } from "../../lab/faults.ts";
import { openLedger } from "../../lab/ledger.ts";
import { type PeeringSimulator, startPeering } from "../../lab/peering/server.ts";
import { clear, grounds } from "../support/ground.ts";
import { apiOf } from "../support/api.ts";
import { type Settings, settings, startProcess, type SystemProcess } from "../support/system.ts";

const clientSecret = "canary-client-secret";
const oauth = { clientId: "as64512", clientSecret, scope: "peering" };
const context = (name: string, value: string | number): string =>
  `{ contextAttribute: ${name}, contextCondition: IS_EQUAL_TO, contextValueRange: ${JSON.stringify(value)} }`;
const file = ({ id = "peering_1", localIp = "192.0.2.1", md5 = "canary-md5-one", location = "pdb:ix:1" } = {}): string => `
Intent:
  id: ${id}
  userLabel: cloud_continuum
  intentExpectations:
    - expectationId: "1"
      expectationVerb: DELIVER
      expectationObject:
        objectType: BGP_SESSION
        objectContexts:
          - ${context("localAsn", 64512)}
          - ${context("localIp", localIp)}
          - ${context("peerAsn", 64513)}
          - ${context("peerType", "private")}
          - ${context("md5", md5)}
      expectationContexts:
        - ${context("location", location)}
`;
const named = (localIp = "192.0.2.1", location = "pdb:ix:1"): string => `session/AS64512/${localIp}/AS64513/${location}/private`;

describe.each(Object.entries(grounds))("a BGP session %s", (_, env) => {
  const ledger = openLedger();
  const faults = openFaults();
  let peering: PeeringSimulator;
  let dir: string;
  let given: Settings;
  let system: SystemProcess;
  let api: ReturnType<typeof apiOf>;
  const effects = () => ledger.entries().map(({ effect, object }) => `${effect} ${object}`);

  beforeAll(async () => {
    peering = await startPeering(ledger, faults, { oauth, dialect: "draft-01", sessionsBody: "object" });
    dir = await mkdtemp(join(tmpdir(), "underlay-peering-"));
    await writeFile(join(dir, "id"), `${oauth.clientId}\n`);
    await writeFile(join(dir, "secret"), `${clientSecret}\n`);
    const controller = {
      executioner: "peering",
      origin: "https://peering.example.net",
      connect: peering.address.href,
      dialect: "draft-01" as const,
      sessionsBody: "object" as const,
      tokenUrl: peering.tokenUrl.href,
      clientIdFile: join(dir, "id"),
      clientSecretFile: join(dir, "secret"),
      scope: oauth.scope,
    };
    given = await settings([controller], { ATTEMPTS: "3", PATIENCE_MS: "4000", ...env });
    await clear(env);
    system = await startProcess(given);
    api = apiOf(system);
  });
  beforeEach(() => {
    ledger.reset();
    faults.clear();
    peering.reset();
  });
  afterAll(async () => {
    const { code } = await system.end("SIGTERM");
    await given.remove();
    await rm(dir, { recursive: true });
    await peering.close();
    expect(code, "stops cleanly").toBe(0);
    expect(system.output(), "says no secret").not.toContain("canary-");
  });

  it("is asked for, is FULFILLED while it waits for approval, stays as it is when asked for again, and goes when deleted", async () => {
    const [applied] = await api.apply(file());
    expect(applied).toMatchObject({
      state: "FULFILLED",
      orders: [{ executioner: "peering", resource: named(), state: "executed", effect: "created", declared: { status: "Pending" } }],
    });
    const [again] = await api.apply(file());
    expect(again).toMatchObject({ generation: 1, state: "FULFILLED", orders: [{ effect: "unchanged" }] });
    expect(effects()).toEqual([`created ${named()}`]);
    expect(await api.remove("peering_1")).toMatchObject({ state: "TERMINATED", orders: [{ action: "withdraw", effect: "removed" }] });
    expect(ledger.objects()).toEqual([]);
  });

  it("from another address is another session, and the old one is withdrawn", async () => {
    await api.apply(file());
    const [moved] = await api.apply(file({ localIp: "2001:DB8::1" }));
    expect(moved).toMatchObject({ generation: 2, state: "FULFILLED" });
    expect(effects().toSorted()).toEqual([`created ${named()}`, `created ${named("2001:db8::1")}`, `removed ${named()}`]);
    expect(ledger.objects().map((o) => o.object)).toEqual([named("2001:db8::1")]);
    await api.remove("peering_1");
    expect(ledger.objects()).toEqual([]);
  });

  it("with another secret is replaced", async () => {
    await api.apply(file());
    const [changed] = await api.apply(file({ md5: "canary-md5-two" }));
    expect(changed).toMatchObject({ generation: 2, state: "FULFILLED", orders: [{ effect: "changed" }] });
    expect(effects()).toEqual([`created ${named()}`, `removed ${named()}`, `created ${named()}`]);
    await api.remove("peering_1");
    expect(ledger.objects()).toEqual([]);
  });

  it("goes on when the API takes its token no more", async () => {
    await api.apply(file());
    peering.revokeTokens();
    const [again] = await api.apply(file({ md5: "canary-md5-two" }));
    expect(again).toMatchObject({ state: "FULFILLED" });
    await api.remove("peering_1");
    expect(ledger.objects()).toEqual([]);
  });

  it("is planned without being asked for", async () => {
    expect((await api.plan(file())).body).toMatchObject({ changes: 1, steps: [{ change: "create", resource: named() }] });
    expect(effects()).toEqual([]);
    await api.apply(file());
    expect((await api.plan(file())).body).toMatchObject({ changes: 0, steps: [{ change: "none" }] });
    await api.remove("peering_1");
  });

  it("fails with a code, and leaves nothing, when the API is down, and is brought about when it is back", async () => {
    faults.add({ kind: "destroy", peer: "peering", operation: "*" });
    const [failed] = await api.apply(file());
    expect(failed).toMatchObject({ state: "FULFILMENTFAILED", orders: [{ state: "failed", code: "PEERING_UNREACHABLE" }] });
    expect(ledger.objects()).toEqual([]);
    faults.clear();
    const [again] = await api.apply(file());
    expect(again).toMatchObject({ generation: 1, state: "FULFILLED" });
    await api.remove("peering_1");
    expect(ledger.objects()).toEqual([]);
  });

  it("is one session when the API did it and its answer was lost", async () => {
    faults.add({ kind: "destroy", peer: "peering", operation: "mutating", when: "after", times: 1 });
    const [applied] = await api.apply(file());
    expect(applied).toMatchObject({ state: "FULFILLED", orders: [{ effect: "created" }] });
    expect(effects()).toEqual([`created ${named()}`]);
    await api.remove("peering_1");
  });

  it("is refused where the other network is not, with the nearest places where it is", async () => {
    const [failed] = await api.apply(file({ location: "pdb:ix:60" }));
    expect(failed).toMatchObject({
      state: "FULFILMENTFAILED",
      orders: [{ code: "LOCATION_UNKNOWN", reason: expect.stringContaining("nearest are pdb:ix:62, pdb:ix:1") }],
    });
    expect(effects()).toEqual([]);
    await api.remove("peering_1");
  });

  it("that a person rejected fails when it is asked for again, can be deleted, and can be asked for anew then", async () => {
    await api.apply(file());
    peering.decide("Rejected");
    const [rejected] = await api.apply(file());
    expect(rejected).toMatchObject({ state: "FULFILMENTFAILED", orders: [{ code: "PEERING_REFUSED" }] });
    expect(rejected?.orders[0]?.residue ?? []).toEqual([]);
    expect(await api.remove("peering_1")).toMatchObject({ state: "TERMINATED" });
    expect(ledger.objects()).toEqual([]);
    const [anew] = await api.apply(file());
    expect(anew).toMatchObject({ state: "FULFILLED" });
    await api.remove("peering_1");
    expect(ledger.objects()).toEqual([]);
  });

  it("belongs to one intent", async () => {
    await api.apply(file());
    expect(await api.submit(file({ id: "peering_2" }))).toMatchObject({ status: 422, body: { code: "SESSION_TAKEN" } });
    expect(ledger.objects()).toHaveLength(1);
    await api.remove("peering_1");
    expect(ledger.objects()).toEqual([]);
  });
});
