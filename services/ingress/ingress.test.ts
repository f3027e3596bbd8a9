import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { catalogue } from "../../domain/intent/catalogue/index.ts";
import { advance, type Happening, type IntentRecord, isTerminated } from "../../domain/intent/lifecycle.ts";
import { stateOf } from "../../domain/intent/report.ts";
import type { Event } from "../../events/define.ts";
import { IntentSubmitted } from "../../events/intent.ts";
import { memoryHoldings } from "../../state/holdings.ts";
import { type IntentStore, memoryIntents } from "../../state/intents.ts";
import { memorySecrets, type SecretStore } from "../../state/secrets.ts";
import { reachable } from "../controllers.ts";
import { type Candidate, type Ingress, openIngress, type Problem } from "./ingress.ts";

const controllers = reachable([
  { executioner: "tfs", origin: "http://192.168.165.10" },
  { executioner: "l2sm", origin: "http://192.168.165.10" },
  { executioner: "cluster", origin: "https://172.18.0.3:6443" },
]);
const annex = (name: string): string => readFileSync(new URL(`../../test/golden/${name}`, import.meta.url), "utf8");
const vpn = annex("annex-9.1-tfs-l2vpn.yaml");
const network = annex("annex-9.2-l2sm.yaml");

let published: Event[];
let intents: IntentStore;
let secrets: SecretStore;
let ingress: Ingress;
beforeEach(() => {
  published = [];
  intents = memoryIntents();
  secrets = memorySecrets(Buffer.alloc(32, 1));
  const publish = (events: readonly Event[]): Promise<void> => {
    published.push(...events);
    return Promise.resolve();
  };
  ingress = openIngress({
    holdings: memoryHoldings(),
    catalogue,
    controllers,
    intents,
    secrets,
    publish,
    now: () => new Date("2026-01-01T00:00:00Z"),
  });
});

const candidatesIn = (text: string): readonly Candidate[] => {
  const read = ingress.read(Buffer.from(text));
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.candidates;
};
const problemsIn = (text: string): readonly Problem[] => {
  const read = ingress.read(Buffer.from(text));
  if (read.ok) throw new Error("it was taken");
  return read.problems;
};
const apply = async (text: string): Promise<readonly IntentRecord[]> => {
  const taken = await ingress.submit(candidatesIn(text));
  if (!taken.ok) throw new Error(JSON.stringify(taken.problems));
  return taken.records;
};
const submissions = () => published.map((event) => IntentSubmitted.data.parse(event.data));
const tell = async (id: string, kind: "executed", resource: string, submission: number): Promise<void> => {
  const executioner = resource.startsWith("service/") ? "tfs" : "l2sm";
  const happening: Happening = { kind, executioner, resource, submission, effect: "created", declared: {} };
  await intents.update(id, (known) => known && advance(known, happening, "2026-01-01T00:00:01.000Z"));
};
const two = (first: string, second: string): string => `${first}\n---\n${second}`;

describe("reading a file at the ingress", () => {
  it("takes both annexes, sealed and resolved, and keeps nothing of them yet", async () => {
    const [one, other] = candidatesIn(two(vpn, network));
    expect([one?.intent.id, other?.intent.id]).toEqual(["new_intent_2", "mncc_l2sm_1"]);
    expect([one?.orders.length, other?.orders.length, one?.secrets.size, other?.secrets.size]).toEqual([1, 1, 0, 1]);
    const [ref, secret] = [...(other?.secrets ?? [])][0] ?? [];
    expect(secret).toBe("not-a-real-token");
    expect(JSON.stringify(other?.intent)).toContain(ref);
    expect(JSON.stringify([other?.intent, other?.orders])).not.toContain("not-a-real-token");
    expect(await secrets.open(String(ref))).toBeUndefined();
    expect(await intents.list({ limit: 10 })).toEqual([]);
    expect(published).toEqual([]);
  });

  it("tells every problem of every document, with document, intent, path and line", () => {
    const file = two(two(vpn.replace("'999'", "'5000'"), vpn.replace("'L2VPN'", "'L3VPN'")), vpn.replace("new_intent_2", "new intent"));
    const lineOf = (text: string, nth: number): number => {
      const lines = file.split("\n");
      return lines.findIndex((line, i) => line.includes(text) && lines.slice(0, i).filter((l) => l.includes(text)).length === nth) + 1;
    };
    expect(problemsIn(file)).toEqual([
      {
        document: 1,
        intentId: "new_intent_2",
        path: "/Intent/intentExpectations/0/expectationObject/objectContexts/4/contextValueRange",
        line: lineOf("'5000'", 0),
        code: "CONTEXT_INVALID",
        reason: "vlanId: expected a whole number from 1 to 4094",
      },
      {
        document: 2,
        intentId: "new_intent_2",
        path: "/Intent/intentExpectations/0/expectationObject/objectType",
        line: lineOf("'L3VPN'", 0),
        code: "INTENT_UNCLASSIFIABLE",
        reason: expect.stringContaining("L2VPN"),
      },
      {
        document: 3,
        path: "/Intent/id",
        line: lineOf("'new intent'", 0),
        code: "INTENT_INVALID",
        reason: expect.stringContaining("letters, digits"),
      },
    ]);
  });

  it("names the line of a file that is no YAML at all", () => {
    expect(problemsIn("a: 1\nb: [\n")).toEqual([
      { document: 1, line: 3, code: "INPUT_UNPARSABLE", reason: expect.stringMatching(/^not YAML/) },
    ]);
  });

  it("tells places of flat intents without the key that they do not have", () => {
    const flat = JSON.stringify({ id: "i", userLabel: "cloud_continuum", intentExpectations: [] });
    expect(problemsIn(flat)).toEqual([
      { document: 1, intentId: "i", path: "/intentExpectations", code: "INTENT_INVALID", reason: expect.any(String) },
    ]);
  });

  it("refuses an id that is twice in a file, in the document where it is the second time", () => {
    expect(problemsIn(two(vpn, vpn))).toMatchObject([{ document: 2, intentId: "new_intent_2", code: "INTENT_TWICE" }]);
    expect(problemsIn(two("Intent: {}", two(network, network))).map((p) => [p.document, p.code])).toEqual([
      [1, "INTENT_INVALID"],
      [3, "INTENT_TWICE"],
    ]);
  });

  it.each([
    "http://192.168.165.11",
    "https://192.168.165.10",
    "http://192.168.165.10:8080",
    "http://192.168.165.10.evil.example",
    "http://evil.example/@192.168.165.10",
  ])("refuses the url %s, whose origin the operator does not allow", (url) => {
    const asked = vpn.replace(/http:\/\/192\.168\.165\.10\/\S*'/, `${url}'`);
    expect(asked).toContain(url);
    expect(problemsIn(asked).map((p) => p.code)).toEqual(["CONTROLLER_NOT_ALLOWED"]);
  });

  it("refuses a cluster that the operator does not allow", () => {
    expect(problemsIn(network.replace("172.18.0.3:6443", "172.18.0.9:6443"))).toMatchObject([
      { code: "CONTROLLER_NOT_ALLOWED", reason: expect.stringContaining("https://172.18.0.9:6443") },
    ]);
  });

  it("refuses an order that no controller is configured for", () => {
    const lonely = openIngress({
      holdings: memoryHoldings(),
      catalogue,
      controllers: [],
      intents,
      secrets,
      publish: () => Promise.resolve(),
      now: () => new Date(),
    });
    expect(lonely.read(Buffer.from(vpn))).toMatchObject({ ok: false, problems: [{ code: "CONTROLLER_UNKNOWN" }] });
  });

  it("does not repeat a credential, wherever it stands", () => {
    const canary = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl";
    for (const place of [
      "new_intent_2",
      "cloud_continuum",
      "l2vpn_tfs_1",
      "3.3.3.3",
      "ninametfssssss",
      "L2VPN",
      "DELIVER",
      "nodeSrc",
      "IS_EQUAL_TO",
    ]) {
      const problems = problemsIn(vpn.replace(`'${place}'`, `'${canary}'`));
      expect(problems).toHaveLength(1);
      expect(JSON.stringify(problems), place).not.toContain(canary);
      expect(problems[0]?.path, place).toBeDefined();
    }
  });
});

describe("submitting to the ingress", () => {
  it("records, keeps the secrets sealed and publishes, and no event has a token in it", async () => {
    const [record] = await apply(network);
    expect(record).toMatchObject({ generation: 1, submission: 1, wanted: "active", orders: [{ state: "placed", action: "apply" }] });
    expect(submissions()).toMatchObject([{ intent: { id: "mncc_l2sm_1" }, generation: 1, submission: 1, wanted: "active", retired: [] }]);
    expect(JSON.stringify([record, published])).not.toContain("not-a-real-token");
    const ref = /secretRef:[\w-]+/.exec(JSON.stringify(published))?.[0];
    expect(await secrets.open(String(ref))).toBe("not-a-real-token");
  });

  it("takes all of a file or nothing", async () => {
    expect(ingress.read(Buffer.from(two(vpn, network.replace("K8S_L2_NETWORK", "K8S_L9_NETWORK")))).ok).toBe(false);
    expect(await intents.list({ limit: 10 })).toEqual([]);
    await apply(two(vpn, network));
    expect((await intents.list({ limit: 10 })).map((r) => r.intent.id)).toEqual(["mncc_l2sm_1", "new_intent_2"]);
    expect(published).toHaveLength(2);
  });

  it("counts the same intent again as another submission of the same generation, and a changed one as the next generation", async () => {
    await apply(vpn);
    await apply(vpn);
    await apply(JSON.stringify(candidatesIn(vpn)[0]?.intent));
    const [changed] = await apply(vpn.replace("15.2", "10.5"));
    expect(changed).toMatchObject({ generation: 2, submission: 4 });
    expect(submissions().map((s) => [s.generation, s.submission])).toEqual([
      [1, 1],
      [1, 2],
      [1, 3],
      [2, 4],
    ]);
    expect(new Set(published.map((e) => e.id)).size).toBe(4);
  });

  it("keeps the generation of an intent with a secret, whose reference stays the same", async () => {
    await apply(network);
    const [again] = await apply(network);
    const [other] = await apply(network.replace("not-a-real-token", "not-a-real-token-either"));
    expect([again?.generation, other?.generation]).toEqual([1, 2]);
  });

  it("retires the orders that are not asked for any more", async () => {
    await apply(network);
    await tell("mncc_l2sm_1", "executed", "l2network/default/spain-network", 1);
    await apply(network.replaceAll(/spain[_-]network/g, "france"));
    expect(submissions()[1]).toMatchObject({ generation: 2, retired: [{ resource: "l2network/default/spain-network" }] });
    expect((await intents.get("mncc_l2sm_1"))?.orders.map((o) => [o.action, o.order.resource])).toEqual([
      ["apply", "l2network/default/france"],
      ["withdraw", "l2network/default/spain-network"],
    ]);
  });

  it("suspends an intent that is DEACTIVATED, and activates it again", async () => {
    await apply(vpn);
    await tell("new_intent_2", "executed", "service/new_intent_2-1", 1);
    const [suspended] = await apply(vpn.replace("'ACTIVATED'", "'DEACTIVATED'"));
    expect(suspended).toMatchObject({ wanted: "suspended", orders: [{ action: "withdraw" }] });
    await tell("new_intent_2", "executed", "service/new_intent_2-1", 2);
    const known = await intents.get("new_intent_2");
    expect(known && stateOf(known)).toBe("SUSPENDED");
    expect((await apply(vpn))[0]).toMatchObject({ wanted: "active", orders: [{ action: "apply" }] });
  });

  it("publishes nothing when a secret cannot be kept, and records nothing", async () => {
    const broken: SecretStore = { ...secrets, put: () => Promise.reject(new Error("the store is away")) };
    const failing = openIngress({
      holdings: memoryHoldings(),
      catalogue,
      controllers,
      intents,
      secrets: broken,
      publish: async (events) => void published.push(...events),
      now: () => new Date(),
    });
    const read = failing.read(Buffer.from(network));
    await expect(failing.submit(read.ok ? read.candidates : [])).rejects.toThrow("the store is away");
    expect([published, await intents.list({ limit: 1 })]).toEqual([[], []]);
  });
});

describe("terminating at the ingress", () => {
  it("asks for everything to be withdrawn that may stand", async () => {
    await apply(vpn);
    expect(await ingress.terminate("new_intent_2")).toMatchObject({
      wanted: "terminated",
      submission: 2,
      orders: [{ action: "withdraw", state: "placed" }],
    });
    expect(submissions()[1]).toMatchObject({ wanted: "terminated", retired: [{ resource: "service/new_intent_2-1" }] });
  });

  it("knows no intent that was never submitted", async () => {
    expect(await ingress.terminate("nobody")).toBeUndefined();
    expect(published).toEqual([]);
  });

  it("says nothing twice of what is terminated already", async () => {
    await apply(vpn);
    await ingress.terminate("new_intent_2");
    await tell("new_intent_2", "executed", "service/new_intent_2-1", 2);
    const [before] = [published.length];
    const record = await ingress.terminate("new_intent_2");
    expect(record && isTerminated(record)).toBe(true);
    expect(published).toHaveLength(before);
    expect((await apply(vpn))[0]).toMatchObject({ generation: 1, submission: 3 });
  });

  it("forgets the secrets of an intent of which nothing stood any more", async () => {
    await apply(network);
    const ref = String(/secretRef:[\w-]+/.exec(JSON.stringify(published))?.[0]);
    await apply(network.replace("'ACTIVATED'", "'DEACTIVATED'"));
    await tell("mncc_l2sm_1", "executed", "l2network/default/spain-network", 2);
    expect(await secrets.open(ref)).toBe("not-a-real-token");
    const record = await ingress.terminate("mncc_l2sm_1");
    expect(record && stateOf(record)).toBe("TERMINATED");
    expect(await secrets.open(ref)).toBeUndefined();
  });
});
