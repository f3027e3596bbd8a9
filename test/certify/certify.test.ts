import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Bench, certifiable, openBench, subjectsOf, type Told, whyUnchanging } from "./bench.ts";

/** One library, or all of them. */
const asked = process.env["CERTIFY"];
const libraries = certifiable.filter((name) => asked === undefined || name === asked);

it("knows the library that it is to certify", () => {
  expect(libraries, `one of ${certifiable.join(", ")}`).not.toEqual([]);
});

describe.each(libraries.flatMap((library) => subjectsOf(library).map((name) => ({ library, name }))))(
  "$library, $name",
  ({ library, name }) => {
    let bench: Bench;
    const unchanging = whyUnchanging(library);
    beforeAll(async () => {
      bench = await openBench(library, name);
    });
    beforeEach(() => bench.reset());
    afterAll(() => bench.close());

    const effects = () => bench.lab.ledger.entries().map(({ peer, effect, object }) => `${peer} ${effect} ${object}`);
    const objects = () => bench.lab.ledger.objects();
    const observed = async (order = bench.order) => {
      const seen = await bench.adaptor().observe(order);
      if (!seen.ok) throw new Error(`${seen.code}: ${seen.reason}`);
      return seen.value;
    };
    const isGone = async () => expect([objects(), (await observed()).state]).toEqual([[], "absent"]);

    if (unchanging !== undefined) it(`has nothing to change: ${unchanging}`, () => expect(() => bench.changed()).toThrow());
    const changing = (name: string, test: () => Promise<void>): void => {
      if (unchanging === undefined) it(name, test);
    };

    it("brings about what is asked, and its read-back shows it", async () => {
      expect(await bench.carry("apply", bench.order)).toMatchObject({ kind: "executed", effect: "created" });
      expect(await observed()).toMatchObject({ state: "present", differs: [] });
      expect(objects().length).toBeGreaterThan(0);
    });

    it("only looks when it is to look", async () => {
      await observed();
      await bench.carry("apply", bench.order);
      const made = effects();
      await observed();
      expect(effects()).toEqual(made);
    });

    it("has one effect of an order that is delivered again, and none of one that is asked again", async () => {
      await bench.carry("apply", bench.order);
      const made = effects();
      await bench.carry("apply", bench.order);
      expect(await bench.carry("apply", bench.order, { submission: 2 })).toMatchObject({ kind: "executed", effect: "unchanged" });
      expect(effects()).toEqual(made);
    });

    changing("changes what is there to what is asked now, and back, without a second one", async () => {
      const changed = bench.changed();
      await bench.carry("apply", bench.order);
      const count = objects().length;
      expect(await bench.carry("apply", changed, { submission: 2 })).toMatchObject({ kind: "executed", effect: "changed" });
      expect(await observed(changed)).toMatchObject({ state: "present", differs: [] });
      expect(objects()).toHaveLength(count);
      expect(await bench.carry("apply", bench.order, { submission: 3 })).toMatchObject({ kind: "executed", effect: "changed" });
      expect([objects().length, (await observed()).state]).toEqual([count, "present"]);
    });

    it.each(["before", "after"] as const)(
      "has its one effect, or none and says so, when an answer is lost %s a peer acts, whichever call it is",
      async (when) => {
        await bench.carry("apply", bench.order);
        const whole = objects();
        for (let skip = 0; skip < 20; skip += 1) {
          await bench.reset();
          const fault = bench.lab.faults.add({ kind: "destroy", when, operation: "mutating", skip, times: 1 });
          const told = await bench.carry("apply", bench.order);
          const isUnstruck = bench.lab.faults.list().some(({ id }) => id === fault);
          expect([skip, told.residue, objects()]).toEqual([skip, [], told.kind === "executed" ? whole : []]);
          expect(new Set(effects().filter((e) => e.includes(" created "))).size).toBe(
            effects().filter((e) => e.includes(" created ")).length,
          );
          if (isUnstruck) return expect(skip, "no call was struck").toBeGreaterThan(0);
        }
        throw new Error("more than 20 calls that change something for one order");
      },
    );

    it("leaves nothing when the last attempt fails in the middle, whichever of its calls it is", async () => {
      for (let skip = 0; skip < 20; skip += 1) {
        await bench.reset();
        const fault = bench.lab.faults.add({ kind: "destroy", when: "before", operation: "mutating", skip, times: 1 });
        const told = await bench.carry("apply", bench.order, { tries: 1 });
        if (bench.lab.faults.list().some(({ id }) => id === fault)) return expect(skip, "no call was struck").toBeGreaterThan(0);
        expect([skip, told.kind, told.residue, objects()]).toEqual([skip, "failed", [], []]);
      }
      throw new Error("more than 20 calls that change something for one order");
    });

    changing("keeps the former one when a change fails on the last attempt", async () => {
      const changed = bench.changed();
      await bench.carry("apply", bench.order);
      bench.lab.faults.add({ kind: "destroy", when: "before", operation: "mutating", times: 1 });
      expect(await bench.carry("apply", changed, { submission: 2, tries: 1 })).toMatchObject({ kind: "failed", residue: [] });
      expect(await observed()).toMatchObject({ state: "present", differs: [] });
    });

    it("takes a controller that is away for one that may come back, and says so in the end", async () => {
      bench.lab.faults.add({ kind: "destroy" });
      const told: Told = await bench.carry("apply", bench.order, { tries: 3 });
      expect(told).toMatchObject({ kind: "failed", code: expect.stringMatching(/_(?:UNREACHABLE|UNAVAILABLE)$/) });
      expect(told.retried).toHaveLength(2);
      bench.lab.faults.clear();
      expect(await bench.carry("apply", bench.order, { submission: 2 })).toMatchObject({ kind: "executed" });
    });

    it("sees what somebody took away behind its back, and brings it again", async () => {
      await bench.carry("apply", bench.order);
      await bench.adaptor().withdraw(bench.order, await observed());
      expect(await observed()).toEqual({ state: "absent" });
      expect(await bench.carry("apply", bench.order, { submission: 2 })).toMatchObject({ kind: "executed" });
      expect(await observed()).toMatchObject({ state: "present", differs: [] });
    });

    changing("sees what somebody changed behind its back, names it, and puts it right", async () => {
      const changed = bench.changed();
      await bench.carry("apply", bench.order);
      await bench.adaptor().apply(changed, await observed(changed), bench.order);
      expect(await observed()).toMatchObject({ state: "present", differs: expect.arrayContaining([expect.stringMatching(/./)]) });
      expect(await bench.carry("apply", bench.order, { submission: 2 })).toMatchObject({ kind: "executed" });
      expect(await observed()).toMatchObject({ state: "present", differs: [] });
    });

    it("leaves nothing when it is withdrawn, and takes it well when it is gone already", async () => {
      await bench.carry("apply", bench.order);
      expect(await bench.carry("withdraw", bench.order, { submission: 2 })).toMatchObject({ kind: "executed", effect: "removed" });
      await isGone();
      const made = effects();
      expect(await bench.carry("withdraw", bench.order, { submission: 3 })).toMatchObject({ kind: "executed", effect: "absent" });
      expect(effects()).toEqual(made);
    });

    it("leaves nothing when the answer to a withdrawal is lost", async () => {
      await bench.carry("apply", bench.order);
      bench.lab.faults.add({ kind: "destroy", when: "after", operation: "mutating", times: 1 });
      expect(await bench.carry("withdraw", bench.order, { submission: 2 })).toMatchObject({ kind: "executed" });
      await isGone();
    });

    it("goes only to controllers that the operator allows", async () => {
      const stranger = { ...bench.order, controller: "http://stranger.example", origins: bench.order.origins };
      expect(await bench.carry("apply", stranger)).toMatchObject({ kind: "failed", code: "CONTROLLER_NOT_ALLOWED", residue: [] });
      expect(effects()).toEqual([]);
    });

    it("tells no secret, in no event and no log line, whatever happens", async () => {
      await bench.carry("apply", bench.order);
      bench.lab.faults.add({ kind: "destroy", operation: "mutating" });
      await bench.carry("withdraw", bench.order, { submission: 2, tries: 2 });
      const told = `${bench.said()}${JSON.stringify(bench.lab.ledger.entries())}`;
      expect(bench.secrets.filter((secret) => told.includes(secret))).toEqual([]);
    });

    it("refuses a payload that is not its own, before any call", async () => {
      await expect(bench.carry("apply", { ...bench.order, payload: { something: "else" } })).rejects.toThrow("DATA_INVALID");
      expect(effects()).toEqual([]);
    });
  },
);
