import { describe, expect, it } from "vitest";
import { ok, type Outcome, refuse } from "../outcome.ts";
import type { Adaptor, Execution, Observed } from "./adaptor.ts";
import { carryOut, type CarryOut } from "./carry-out.ts";
import { canonicalJson, type Order } from "./order.ts";

const order = (vlan: number, controller = "http://a"): Order => ({
  executioner: "scripted",
  resource: "link/1",
  expectationIds: ["1"],
  controller,
  origins: [],
  payload: { vlan },
});

type Call = "observe" | "apply" | "withdraw" | "undo";

/** A whole technology in a map: what stands under an order's name, on each controller. */
function scripted() {
  const controllers = new Map<string, Map<string, Order>>();
  const calls: string[] = [];
  const say: Partial<Record<Call, (order: Order) => Outcome<never> | Error | "nothing" | undefined>> = {};
  let setUpAfter = 0;
  const at = ({ controller = "" }: Order): Map<string, Order> => {
    const known = controllers.get(controller) ?? new Map<string, Order>();
    controllers.set(controller, known);
    return known;
  };
  const told = (call: Call, asked: Order) => {
    calls.push(`${call} ${String(asked.controller)}`);
    const answer = say[call]?.(asked);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const adaptor: Adaptor = {
    target: ({ controller = "" }) => controller,
    async observe(asked) {
      const no = told("observe", asked);
      if (typeof no === "object") return no;
      const found = at(asked).get(asked.resource);
      if (found === undefined) return ok<Observed>({ state: "absent" });
      const pending = setUpAfter > 0;
      setUpAfter -= 1;
      const differs = canonicalJson(found.payload) === canonicalJson(asked.payload) ? [] : ["vlan"];
      return ok<Observed>({ state: "present", differs, pending, declared: { vlan: Number(found.payload["vlan"]) } });
    },
    async apply(asked, _observed, before) {
      const no = told("apply", asked);
      if (before !== undefined && before.controller !== asked.controller) throw new Error("that one was never here");
      if (typeof no === "object") return no;
      if (no === undefined) at(asked).set(asked.resource, asked);
      return ok(undefined);
    },
    async withdraw(asked) {
      const no = told("withdraw", asked);
      if (typeof no === "object") return no;
      at(asked).delete(asked.resource);
      return ok(undefined);
    },
    async undo(asked, before) {
      if (told("undo", asked) === "nothing") return [asked.resource];
      if (before !== undefined && before.controller === asked.controller) at(asked).set(asked.resource, before);
      else at(asked).delete(asked.resource);
      return [];
    },
  };
  return {
    adaptor,
    calls,
    say,
    setUpAfter: (looks: number) => {
      setUpAfter = looks;
    },
    put: (standing: Order) => at(standing).set(standing.resource, standing),
    standsAt: (controller: string) => controllers.get(controller)?.get("link/1")?.payload,
  };
}

const gone = new Error("the controller is away");
const no = refuse("SCRIPTED_NO", "not with me");
const steps: string[] = [];
const carry = (adaptor: Adaptor, asked: Partial<CarryOut> & Pick<CarryOut, "order">): Promise<Execution> => {
  steps.length = 0;
  return carryOut(adaptor, {
    action: "apply",
    before: undefined,
    isFirst: false,
    lastAttempt: false,
    reached: (step) => steps.push(step),
    faultOf: (error) => ({ code: "FAULT", reason: (error as Error).message }),
    ...asked,
  });
};

describe("carrying out an apply", () => {
  it("asks nothing first where nobody tried before and creating proves absence", async () => {
    const { adaptor, calls } = scripted();
    const proving = { ...adaptor, createProvesAbsence: () => true };
    expect(await carry(proving, { order: order(1), isFirst: true })).toMatchObject({ kind: "executed", effect: "created" });
    expect(calls).toEqual(["apply http://a", "observe http://a"]);
  });

  it.each([
    ["somebody has tried before", false, true],
    ["creating proves nothing", true, false],
  ])("observes first where %s", async (_, isFirst, proves) => {
    const { adaptor, calls } = scripted();
    await carry({ ...adaptor, createProvesAbsence: () => proves }, { order: order(1), isFirst });
    expect(calls[0]).toBe("observe http://a");
  });

  it("creates what is absent, and reads back what the controller declares", async () => {
    const { adaptor, calls } = scripted();
    expect(await carry(adaptor, { order: order(1) })).toEqual({ kind: "executed", effect: "created", declared: { vlan: 1 } });
    expect(calls).toEqual(["observe http://a", "apply http://a", "observe http://a"]);
    expect(steps).toEqual(["observed", "before-apply", "applied"]);
  });

  it("leaves alone what is there already, whether it was told so or not", async () => {
    const { adaptor, calls, put } = scripted();
    put(order(1));
    expect(await carry(adaptor, { order: order(1), before: order(1) })).toMatchObject({ effect: "unchanged" });
    // A worker that died between apply and commit has created it: the next one must not call that unchanged.
    expect(await carry(adaptor, { order: order(1) })).toMatchObject({ effect: "created" });
    expect(calls.filter((call) => !call.startsWith("observe"))).toEqual([]);
  });

  it("applies a new generation also where nothing differs, with the old one beside it", async () => {
    const { adaptor, calls, put } = scripted();
    put(order(1));
    expect(await carry(adaptor, { order: order(1), before: order(2) })).toMatchObject({ effect: "changed" });
    expect(calls).toEqual(["observe http://a", "apply http://a", "observe http://a"]);
  });

  it("changes what differs, also behind our back", async () => {
    const { adaptor, put, standsAt } = scripted();
    put(order(1));
    expect(await carry(adaptor, { order: order(2), before: order(1) })).toEqual({
      kind: "executed",
      effect: "changed",
      declared: { vlan: 2 },
    });
    expect(standsAt("http://a")).toEqual({ vlan: 2 });
    put(order(7)); // somebody was there
    expect(await carry(adaptor, { order: order(2), before: order(2) })).toMatchObject({ effect: "unchanged", declared: { vlan: 2 } });
  });

  it("is pending while the controller sets it up, and does not apply again meanwhile", async () => {
    const { adaptor, calls, setUpAfter } = scripted();
    setUpAfter(2);
    expect(await carry(adaptor, { order: order(1) })).toMatchObject({ kind: "pending", reason: expect.stringContaining("link/1") });
    expect(await carry(adaptor, { order: order(1) })).toMatchObject({ kind: "pending" });
    expect(await carry(adaptor, { order: order(1) })).toMatchObject({ kind: "executed", effect: "created" });
    expect(calls.filter((call) => call.startsWith("apply"))).toHaveLength(1);
  });

  it("is pending while what it applied does not show", async () => {
    const { adaptor, say } = scripted();
    say.apply = () => "nothing";
    expect(await carry(adaptor, { order: order(1) })).toMatchObject({ kind: "pending", reason: "link/1 does not show yet" });
  });

  it("undoes what stays pending at the last attempt, and says EFFECT_PENDING", async () => {
    const { adaptor, setUpAfter, standsAt } = scripted();
    setUpAfter(9);
    expect(await carry(adaptor, { order: order(1), lastAttempt: true })).toMatchObject({
      kind: "failed",
      code: "EFFECT_PENDING",
      residue: [],
    });
    expect(standsAt("http://a")).toBeUndefined();
  });

  it.each(["apply", "observe"] as const)(
    "undoes a definite no of %s after the controller was touched, to the way it was before",
    async (call) => {
      const { adaptor, put, say, standsAt, calls } = scripted();
      put(order(1));
      say[call] = () => (call === "apply" || calls.some((c) => c.startsWith("apply")) ? no : undefined);
      expect(await carry(adaptor, { order: order(2), before: order(1) })).toEqual({
        kind: "failed",
        code: "SCRIPTED_NO",
        reason: "not with me",
        residue: [],
      });
      expect(calls.at(-1)).toBe("undo http://a");
      expect(standsAt("http://a")).toEqual({ vlan: 1 });
    },
  );

  it("has nothing to undo when the first look is refused", async () => {
    const { adaptor, say, calls } = scripted();
    say.observe = () => no;
    expect(await carry(adaptor, { order: order(1) })).toEqual({ kind: "failed", code: "SCRIPTED_NO", reason: "not with me", residue: [] });
    expect(calls).toEqual(["observe http://a"]);
  });

  it.each(["observe", "apply"] as const)(
    "lets a fault of %s pass, so that it is tried again, until the last attempt undoes it",
    async (call) => {
      const { adaptor, say, calls, standsAt } = scripted();
      say[call] = () => gone;
      await expect(carry(adaptor, { order: order(1) })).rejects.toBe(gone);
      expect(calls.some((c) => c.startsWith("undo"))).toBe(false);
      expect(await carry(adaptor, { order: order(1), lastAttempt: true })).toEqual({
        kind: "failed",
        code: "FAULT",
        reason: gone.message,
        residue: [],
      });
      expect(calls.at(-1)).toBe("undo http://a");
      expect(standsAt("http://a")).toBeUndefined();
    },
  );

  it("names as residue what could not be undone, or not even be asked about", async () => {
    const { adaptor, say } = scripted();
    say.apply = () => no;
    say.undo = () => "nothing";
    expect(await carry(adaptor, { order: order(1) })).toMatchObject({ kind: "failed", code: "SCRIPTED_NO", residue: ["link/1"] });
    say.undo = () => gone;
    expect(await carry(adaptor, { order: order(1) })).toMatchObject({ code: "SCRIPTED_NO", residue: ["link/1"] });
  });
});

describe("carrying out an order after one that failed and left something behind", () => {
  it("does not bring that back when it fails too, and takes it away", async () => {
    for (const left of [order(2), order(2, "http://b")]) {
      const { adaptor, put, say, standsAt } = scripted();
      put(left);
      say.apply = () => no;
      expect(await carry(adaptor, { order: order(1), before: left, isResidue: true })).toMatchObject({ kind: "failed", residue: [] });
      expect([standsAt("http://a"), standsAt("http://b")]).toEqual([undefined, undefined]);
    }
  });

  it("names it again where it cannot be taken away", async () => {
    const { adaptor, put, say } = scripted();
    put(order(2));
    say.apply = () => no;
    say.undo = () => "nothing";
    say.withdraw = () => no;
    expect(await carry(adaptor, { order: order(1), before: order(2), isResidue: true })).toMatchObject({ residue: ["link/1"] });
  });
});

describe("carrying out an order whose controller moves", () => {
  const here = order(1, "http://a");
  const there = order(1, "http://b");

  it("leaves the old controller first", async () => {
    const { adaptor, put, calls, standsAt } = scripted();
    put(here);
    expect(await carry(adaptor, { order: there, before: here })).toMatchObject({ kind: "executed", effect: "changed" });
    expect([standsAt("http://a"), standsAt("http://b")]).toEqual([undefined, { vlan: 1 }]);
    expect(calls.slice(0, 2)).toEqual(["observe http://a", "withdraw http://a"]);
  });

  it("does not begin on the new one when the old one says no, and then nothing was begun", async () => {
    const { adaptor, put, say, standsAt } = scripted();
    put(here);
    say.withdraw = () => no;
    // No residue: what stands is what stood before, and the effect store goes on remembering that.
    expect(await carry(adaptor, { order: there, before: here })).toEqual({
      kind: "failed",
      code: "SCRIPTED_NO",
      reason: "not with me",
      residue: [],
    });
    expect([standsAt("http://a"), standsAt("http://b")]).toEqual([{ vlan: 1 }, undefined]);
  });

  it("goes back to the old controller when the new one says no, and leaves nothing on the new one", async () => {
    const { adaptor, put, say, standsAt } = scripted();
    put(here);
    put(order(9, "http://b"));
    say.apply = ({ controller }) => (controller === "http://b" ? no : undefined);
    expect(await carry(adaptor, { order: there, before: here })).toEqual({
      kind: "failed",
      code: "SCRIPTED_NO",
      reason: "not with me",
      residue: [],
    });
    expect([standsAt("http://a"), standsAt("http://b")]).toEqual([{ vlan: 1 }, undefined]);
    say.apply = () => no;
    expect(await carry(adaptor, { order: there, before: here })).toMatchObject({ kind: "failed", residue: ["link/1"] });
  });

  it("goes on where a worker died between the two controllers", async () => {
    const { adaptor, standsAt } = scripted();
    expect(await carry(adaptor, { order: there, before: here })).toMatchObject({ kind: "executed", effect: "changed" });
    expect(standsAt("http://b")).toEqual({ vlan: 1 });
  });

  it("withdraws it from where it stands, when the move never came about", async () => {
    const { adaptor, put, standsAt } = scripted();
    put(here);
    expect(await carry(adaptor, { action: "withdraw", order: there, before: here })).toMatchObject({ kind: "executed", effect: "removed" });
    expect([standsAt("http://a"), standsAt("http://b")]).toEqual([undefined, undefined]);
  });
});

describe("carrying out a withdraw", () => {
  it("removes what is there, and is content with what is gone already", async () => {
    const { adaptor, put, standsAt, calls } = scripted();
    put(order(1));
    expect(await carry(adaptor, { action: "withdraw", order: order(1) })).toEqual({ kind: "executed", effect: "removed", declared: {} });
    expect([steps, standsAt("http://a")]).toEqual([["observed", "before-apply", "applied"], undefined]);
    expect(await carry(adaptor, { action: "withdraw", order: order(1) })).toEqual({ kind: "executed", effect: "absent", declared: {} });
    expect(calls.filter((call) => call.startsWith("withdraw"))).toHaveLength(1);
  });

  it.each(["observe", "withdraw"] as const)("names the resource as residue when %s is refused", async (call) => {
    const { adaptor, put, say } = scripted();
    put(order(1));
    say[call] = () => no;
    expect(await carry(adaptor, { action: "withdraw", order: order(1) })).toEqual({
      kind: "failed",
      code: "SCRIPTED_NO",
      reason: "not with me",
      residue: ["link/1"],
    });
  });

  it("never undoes a withdraw: at the last attempt it names what stays", async () => {
    const { adaptor, put, say, calls } = scripted();
    put(order(1));
    say.withdraw = () => gone;
    await expect(carry(adaptor, { action: "withdraw", order: order(1) })).rejects.toBe(gone);
    expect(await carry(adaptor, { action: "withdraw", order: order(1), lastAttempt: true })).toEqual({
      kind: "failed",
      code: "FAULT",
      reason: gone.message,
      residue: ["link/1"],
    });
    expect(calls.some((call) => call.startsWith("undo"))).toBe(false);
  });
});
