import fc from "fast-check";
import { expect, it } from "vitest";
import { type Served, together } from "./together.ts";

const ok = <T>(value: T): Served<T> => ({ ok: true, value });

it("serves one group at a time at a key, in the order of coming, and what comes meanwhile in one group", async () => {
  const groups: (readonly number[])[] = [];
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const ask = together<number, number>(async (_, asks) => {
    groups.push(asks);
    await gates[groups.length - 1]?.promise;
    return asks.map((n) => ok(10 * n));
  });
  const first = ask("k", 1);
  const others = [2, 3, 4].map((n) => ask("k", n));
  gates[0]?.resolve();
  expect(await first).toBe(10);
  gates[1]?.resolve();
  expect(await Promise.all(others)).toEqual([20, 30, 40]);
  expect(groups).toEqual([[1], [2, 3, 4]]);
});

it("does not let one key wait for another", async () => {
  const never = new Promise<never>(() => undefined);
  const ask = together<number, number>((key, asks) => (key === "stuck" ? never : Promise.resolve(asks.map(ok))));
  void ask("stuck", 1);
  expect(await ask("free", 2)).toBe(2);
});

it("gives everybody their own fault, and all of a group the group's", async () => {
  const ask = together<number, number>((_, asks) => {
    if (asks.includes(0)) return Promise.reject(new Error("all"));
    return Promise.resolve(asks.map((n): Served<number> => (n < 0 ? { ok: false, error: new Error("one") } : ok(n))));
  });
  expect(await Promise.allSettled([ask("a", 1), ask("a", -1), ask("a", 2)])).toMatchObject([
    { value: 1 },
    { reason: { message: "one" } },
    { value: 2 },
  ]);
  expect(await Promise.allSettled([ask("a", 5), ask("a", 0), ask("a", 6)])).toMatchObject([
    { value: 5 },
    { reason: { message: "all" } },
    { reason: { message: "all" } },
  ]);
  expect(await ask("a", 7)).toBe(7);
});

it("loses no increment, however they come", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(3), { maxLength: 40 }), async (keys) => {
      const counts = new Map<string, number>();
      const add = together<number, number>(async (key, asks) => {
        let count = counts.get(key) ?? 0;
        await Promise.resolve();
        const served = asks.map((n) => ok((count += n)));
        counts.set(key, count);
        return served;
      });
      await Promise.all(keys.map((key) => add(String(key), 1)));
      for (const [key, count] of counts) expect(count).toBe(keys.filter((k) => String(k) === key).length);
    }),
  );
});
