import fc from "fast-check";
import type { z } from "zod";
import { beforeEach, describe, expect, it } from "vitest";
import { decodeModel } from "../../domain/learning/codec.ts";
import { type AggregationRule, RoundSettings } from "../../domain/learning/model.ts";
import { ClientRejected, PolicyUpdated, RollbackRequested, RoundDue } from "../../events/learning.ts";
import type { Event } from "../../events/define.ts";
import type { Events } from "../../runtime/function.ts";
import type { Backing } from "../../state/backing.ts";
import { openRounds, type RoundStore } from "../../state/rounds.ts";
import { federationOf, keyPair, type Members, running, updateEvent, updateOf } from "../../test/support/federation.ts";
import { isLinkSigned, linkSha256, sha256 } from "../federation.ts";
import { GENESIS_HEAD, GENESIS_LINK, GENESIS_MODEL } from "../genesis.ts";
import { candidateOf, ruleFor } from "./close.ts";
import handler from "./handler.ts";

const genesis = decodeModel(GENESIS_MODEL);
if (!genesis.ok) throw new Error("the shipped model is none");
const PARAMETERS = genesis.value.weights.values.length;
const small = (value = 1e-4): Float32Array => new Float32Array(PARAMETERS).fill(value);

/** Makes two pods more than the rule the best of all actions whatever the state: pods that nobody needs. */
function wasteful(): Float32Array {
  const delta = small(0);
  [-30, -30, -30, -30, 30].forEach((x, i) => (delta[PARAMETERS - 5 + i] = x));
  return delta;
}

let members: Members;
let rounds: RoundStore;
let nowMs: number;
let send: (event: Event) => Promise<Events>;

function start(count: number, rules: Parameters<typeof federationOf>[1] = {}): void {
  members = federationOf(count, { byzantine: 0, quorum: count, deadlineMs: 60_000, maxNorm: 100, ...rules });
  const backing: Backing = { controllers: [], sealKey: Buffer.alloc(32), learning: members.settings };
  rounds = openRounds(backing);
  nowMs = 1_000_000;
  send = running(handler, backing, () => nowMs);
}
const keyOf = (client: string): string => members.keys[client] ?? "";
const honest = (client: string, more: Partial<Parameters<typeof updateOf>[0]> = {}) =>
  updateOf({ client, delta: small(), ...more }, keyOf(client));
const codeOf = (events: Events): unknown => events.map(({ type, data }) => [type, (data as { code?: string }).code]);
const rejected = (code: string) => [[ClientRejected.type, code]];
const due = (id: string): Event =>
  RoundDue.make({ source: "/clock", subject: "round", id, data: { dueAt: new Date(nowMs).toISOString() } });
const policyIn = (events: Events): z.infer<typeof PolicyUpdated.data> =>
  PolicyUpdated.data.parse(events.find(({ type }) => type === PolicyUpdated.type)?.data);

const short = () => honest("c1", { delta: new Float32Array(1) });
/** Base64 whose last digit has bits that nobody reads, with one of them set. */
function rewritten(base64: string): string {
  const at = base64.indexOf("=") - 1;
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const other = base64.slice(0, at) + String(digits[digits.indexOf(base64[at] ?? "") + 1]) + base64.slice(at + 1);
  expect(Buffer.from(other, "base64")).toEqual(Buffer.from(base64, "base64"));
  return other;
}

describe("an update", () => {
  beforeEach(() => start(3, { quorum: 2 }));

  it("that its client signed for this round is taken, and its redelivery is no second one", async () => {
    const event = updateEvent(honest("c1"));
    expect(await send(event)).toEqual([]);
    expect(await send(event)).toEqual([]);
    expect(Object.keys(await rounds.updates(1))).toEqual(["c1"]);
  });

  it("that somebody else sends again is a replay", async () => {
    await send(updateEvent(honest("c1")));
    expect(codeOf(await send(updateEvent(honest("c1"), "sent by an eavesdropper")))).toEqual(rejected("UPDATE_DUPLICATE"));
  });

  it.each<[string, () => Event]>([
    ["CLIENT_UNKNOWN", () => updateEvent(updateOf({ client: "stranger", delta: small() }, keyPair().privateKey))],
    ["CLIENT_UNKNOWN", () => updateEvent(updateOf({ client: "constructor", delta: small() }, keyPair().privateKey))],
    ["SIGNATURE_INVALID", () => updateEvent(updateOf({ client: "c1", delta: small() }, keyOf("c2")))],
    ["SIGNATURE_INVALID", () => updateEvent({ ...honest("c1"), client: "c2" })],
    ["SIGNATURE_INVALID", () => updateEvent({ ...honest("c1"), samples: 1_000_000 })],
    ["SIGNATURE_INVALID", () => updateEvent({ ...honest("c1"), round: 2 })],
    ["SIGNATURE_INVALID", () => updateEvent({ ...honest("c1"), deltaSha256: "0".repeat(64) })],
    ["DELTA_MISMATCH", () => updateEvent({ ...honest("c1"), delta: honest("c1", { delta: small(2) }).delta })],
    // The same bytes in another writing.
    ["SIGNATURE_INVALID", () => updateEvent({ ...honest("c1"), signature: rewritten(honest("c1").signature) })],
    ["DELTA_MISMATCH", () => updateEvent({ ...short(), delta: rewritten(short().delta) })],
    ["ROUND_MISMATCH", () => updateEvent(honest("c1", { round: 2 }))],
    ["BASE_MISMATCH", () => updateEvent(honest("c1", { baseSha256: "0".repeat(64) }))],
    ["SHAPE_MISMATCH", () => updateEvent(honest("c1", { delta: new Float32Array(3) }))],
    ["WEIGHT_NOT_FINITE", () => updateEvent(honest("c1", { delta: small(Number.NaN) }))],
    ["WEIGHT_NOT_FINITE", () => updateEvent(honest("c1", { delta: small().fill(Number.POSITIVE_INFINITY, 7, 8) }))],
    ["NORM_EXCEEDED", () => updateEvent(honest("c1", { delta: small(2) }))],
  ])("is rejected with %s, and nothing of it is counted (%#)", async (code, made) => {
    const event = made();
    const first = await send(event);
    expect(codeOf(first)).toEqual(rejected(code));
    expect(await send(event)).toMatchObject(first.map(({ id, data }) => ({ id, data })));
    expect(await rounds.updates(1)).toEqual({});
  });

  it("after the round's deadline is too late", async () => {
    await send(updateEvent(honest("c1")));
    nowMs += 60_001;
    expect(codeOf(await send(updateEvent(honest("c2"))))).toEqual(rejected("ROUND_CLOSED"));
  });

  it("of a round that is over is a replay in the next one, unless the broker delivers it again", async () => {
    const first = updateEvent(honest("c1"));
    await send(first);
    await send(updateEvent(honest("c2")));
    nowMs += 60_001;
    await send(due("a"));
    expect((await rounds.current()).round).toBe(2);
    expect(await send(first)).toEqual([]);
    expect(codeOf(await send(updateEvent(honest("c1"), "again")))).toEqual(rejected("UPDATE_DUPLICATE"));
    expect(codeOf(await send(updateEvent(honest("c0"))))).toEqual(rejected("ROUND_MISMATCH"));
    expect(await rounds.updates(2)).toEqual({});
  });

  it("with any one byte changed is never let in", async () => {
    const good = honest("c1");
    const text = JSON.stringify(good);
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.integer({ min: 1, max: 127 }), async (at, by) => {
        const bytes = Buffer.from(text);
        bytes[at] = (bytes[at] ?? 0) ^ by;
        let changed: unknown;
        try {
          changed = JSON.parse(bytes.toString());
        } catch {
          return;
        }
        const event = { ...updateEvent(good), data: changed } as Event;
        const told = await send(event).catch((fault: { kind?: string }) => fault.kind);
        // Either the schema refuses it (rejected), or the federation does.
        if (told !== "rejected") expect(told).toMatchObject([{ type: ClientRejected.type }]);
        expect(await rounds.updates(1)).toEqual({});
      }),
      { numRuns: 300 },
    );
  });

  it("that is forged is never let in, whatever it claims", async () => {
    const thief = keyPair().privateKey;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("c0", "c1", "c2"),
        fc.nat(3),
        fc.float({ noNaN: false }),
        fc.constantFrom(GENESIS_LINK.modelSha256, "0".repeat(64)),
        async (client, round, value, baseSha256) => {
          const told = await send(updateEvent(updateOf({ client, round: round + 1, delta: small(value), baseSha256 }, thief)));
          expect(codeOf(told)).toEqual(rejected("SIGNATURE_INVALID"));
          expect(await rounds.updates(1)).toEqual({});
        },
      ),
      { numRuns: 50 },
    );
  });
});

it("a cluster that only takes part leaves rounds to the one that aggregates", async () => {
  start(1);
  const { aggregatorKey: _, ...learning } = members.settings;
  const bystander = running(handler, { controllers: [], sealKey: Buffer.alloc(32), learning }, () => nowMs);
  expect(await bystander(updateEvent(honest("c0")))).toEqual([]);
  expect(await bystander(due("a"))).toEqual([]);
});

describe("a round", () => {
  it("ends with its last client's update, and the model is signed, hashed and a continuation of the chain", async () => {
    start(2);
    await send(updateEvent(honest("c0")));
    const told = policyIn(await send(updateEvent(honest("c1"))));
    expect(told).toMatchObject({ clients: ["c0", "c1"], link: { round: 1, previous: GENESIS_HEAD.linkSha256 } });
    expect(["adopted", "kept"]).toContain(told.link.outcome);
    expect(isLinkSigned(told.link, told.signature, members.settings.federation.aggregatorKey)).toBe(true);
    expect(sha256(Buffer.from(told.model ?? "", "base64"))).toBe(told.link.modelSha256);
    expect(await rounds.current()).toMatchObject({ round: 2, linkSha256: linkSha256(told.link) });
  });

  it("adopts a model that costs no more in the canary, and keeps the old one before one that costs more", async () => {
    start(1);
    const good = policyIn(await send(updateEvent(honest("c0", { delta: small(0) }))));
    expect(good).toMatchObject({ link: { outcome: "adopted" } });
    expect(good.canary?.candidate).toBe(good.canary?.current);

    const bad = policyIn(await send(updateEvent(honest("c0", { delta: wasteful(), round: 2, baseSha256: good.link.modelSha256 }))));
    expect(bad).toMatchObject({
      link: { outcome: "kept", modelSha256: good.link.modelSha256, previous: linkSha256(good.link) },
      code: "CANARY_WORSE",
    });
    expect(bad.canary?.candidate).toBeGreaterThan(bad.canary?.current ?? Number.POSITIVE_INFINITY);
  });

  it("that lacks its quorum at the deadline keeps the model", async () => {
    start(3);
    await send(updateEvent(honest("c0")));
    expect(await send(due("early"))).toEqual([]);
    nowMs += 60_001;
    const told = policyIn(await send(due("late")));
    expect(told).toMatchObject({ code: "QUORUM_MISSED", link: { round: 1, outcome: "kept", modelSha256: GENESIS_LINK.modelSha256 } });
  });

  it("that nobody has sent anything to goes on, however long", async () => {
    start(3);
    nowMs += 86_400_000;
    expect(await send(due("a"))).toEqual([]);
    expect((await rounds.current()).round).toBe(1);
  });

  it("ends once: a tick that is delivered again tells the same, and another tick tells nothing", async () => {
    start(2);
    await send(updateEvent(honest("c0")));
    nowMs += 60_001;
    const first = await send(due("a"));
    expect(await send(due("a"))).toEqual(first);
    expect(await send(due("b"))).toEqual([]);
    expect(await rounds.links(10)).toHaveLength(1);
  });

  it("does not depend on the order in which updates come", async () => {
    const models: unknown[] = [];
    const deltas = Object.fromEntries(["c0", "c1", "c2"].map((client, i) => [client, small().map((_, k) => Math.sin(k * (i + 1)) * 1e-3)]));
    start(3);
    const { settings, keys } = members;
    for (const order of [
      ["c0", "c1", "c2"],
      ["c2", "c0", "c1"],
    ]) {
      const backing: Backing = { controllers: [], sealKey: Buffer.alloc(32), learning: settings };
      const deliver = running(handler, backing, () => nowMs);
      let last: Events = [];
      for (const client of order)
        last = await deliver(updateEvent(updateOf({ client, delta: deltas[client] ?? small() }, keys[client] ?? "")));
      expect(policyIn(last).clients).toEqual(["c0", "c1", "c2"]);
      models.push(policyIn(last).link.modelSha256, policyIn(last).canary);
    }
    expect(models[0]).toBe(models[2]);
    expect(models[1]).toEqual(models[3]);
  });

  it("outlives liars: of 10 clients 2 send the opposite, forty times as long, and the aggregate is the honest ones'", () => {
    const honestly = (client: number): Float32Array => small().map((_, k) => 1e-3 * (Math.sin(k) + 0.1 * Math.sin(k * (client + 2))));
    const all = Array.from({ length: 10 }, (_, i) => ({ client: `c${String(i)}`, delta: honestly(i).map((x) => (i >= 8 ? -40 * x : x)) }));
    const error = (rule: AggregationRule): number => {
      const candidate = candidateOf(all, genesis.value, RoundSettings.parse({ rule, byzantine: 2, quorum: 7 }), () => 0.5);
      if (!candidate.ok) throw new Error(candidate.reason);
      const { values } = candidate.value.weights;
      return values.reduce((most, x, k) => Math.max(most, Math.abs(x - (genesis.value.weights.values[k] ?? 0) - 1e-3 * Math.sin(k))), 0);
    };
    for (const rule of ["cosine-krum", "multi-krum", "trimmed-mean", "median"] as const) expect(error(rule), rule).toBeLessThan(3e-4);
    // The control: without robust aggregation two of ten move everything.
    expect(error("fed-avg")).toBeGreaterThan(5e-3);
  });

  it.each(["cosine-krum", "multi-krum"] as const)(
    "with fewer updates than %s needs is aggregated by the trimmed mean, which withstands as many liars",
    (rule) => {
      const settings = RoundSettings.parse({ rule, byzantine: 1, quorum: 3 });
      expect([3, 4, 5].map((n) => ruleFor(settings, n))).toEqual(["trimmed-mean", "trimmed-mean", rule]);
    },
  );

  it("with differential privacy clips every update and adds noise that nobody can foresee", () => {
    const settings = RoundSettings.parse({ rule: "fed-avg", byzantine: 0, quorum: 1, noise: { clipNorm: 1, multiplier: 1e-9 } });
    const [long] = [{ client: "a", delta: small(1) }];
    const candidate = candidateOf([long], genesis.value, settings, () => 0.5);
    if (!candidate.ok) throw new Error(candidate.reason);
    const moved = candidate.value.weights.values.map((x, k) => x - (genesis.value.weights.values[k] ?? 0));
    expect(Math.sqrt(moved.reduce((sum, x) => sum + x * x, 0))).toBeCloseTo(1, 3);
  });
});

describe("a rollback", () => {
  const back = (toSha256: string, id: string): Event =>
    RollbackRequested.make({ source: "/mncc/api", subject: "policy", id, data: { toSha256, reason: "it scales too late" } });

  it("makes an earlier model the global one again, as a link of the chain, and voids the round", async () => {
    start(1);
    const first = policyIn(await send(updateEvent(honest("c0", { delta: small(0).fill(1e-9, 0, 1) }))));
    expect(first.link).toMatchObject({ outcome: "adopted" });
    const event = back(GENESIS_LINK.modelSha256, "r1");
    const told = await send(event);
    expect(policyIn(told)).toMatchObject({
      reason: "it scales too late",
      link: { round: 2, outcome: "rolled-back", modelSha256: GENESIS_LINK.modelSha256, previous: linkSha256(first.link) },
    });
    expect(await send(event)).toEqual(told);
    const late = updateOf({ client: "c0", delta: small(), round: 2, baseSha256: first.link.modelSha256 }, keyOf("c0"));
    expect(codeOf(await send(updateEvent(late)))).toEqual(rejected("ROUND_MISMATCH"));
    const again = policyIn(await send(back(first.link.modelSha256, "r2")));
    expect(again.link).toMatchObject({ round: 3, modelSha256: first.link.modelSha256 });
    expect(again.chain.map(({ round }) => round)).toEqual([1, 2, 3]);
  });

  it("to a model that nobody knows is poison", async () => {
    start(1);
    await expect(send(back("f".repeat(64), "r"))).rejects.toMatchObject({ kind: "rejected", code: "ROLLBACK_IMPOSSIBLE" });
  });
});
