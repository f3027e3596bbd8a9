import { expect, it } from "vitest";
import { slots } from "./slots.ts";

it("lets so many in at once, in order, and more when one has left or failed", async () => {
  const limited = slots(2);
  const order: number[] = [];
  let inside = 0;
  let most = 0;
  const work = (n: number) =>
    limited(async () => {
      order.push(n);
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setTimeout(resolve, 1));
      inside -= 1;
      if (n % 3 === 0) throw new Error("failed");
    });
  const ended = await Promise.allSettled(Array.from({ length: 10 }, (_, n) => work(n)));
  expect(most).toBe(2);
  expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(ended.filter(({ status }) => status === "rejected")).toHaveLength(4);
});
