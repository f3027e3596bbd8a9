import { expect, it } from "vitest";
import { clockEvents } from "./clock.ts";

const tick = (at: string) => clockEvents(() => new Date(at))("cmdt-fuse");

it("gives the ticks of one period, of whichever host, one id and one round", () => {
  const [on, late, next] = ["2026-01-01T00:00:30.001Z", "2026-01-01T00:00:30.950Z", "2026-01-01T00:01:00.002Z"].map(tick);
  expect(on).toMatchObject([{ type: "eu.meta-os.nemo.twin.due.v1", data: { dueAt: "2026-01-01T00:00:30.000Z" } }]);
  expect(late?.map(({ id, data }) => [id, data])).toEqual(on?.map(({ id, data }) => [id, data]));
  expect(next?.[0]?.id).not.toBe(on?.[0]?.id);
  const roundOf = (events: typeof on) => (events?.[0]?.data as { round: number } | undefined)?.round ?? Number.NaN;
  expect(roundOf(next) - roundOf(on)).toBe(1);
});

it("has nothing for a function without a clock", () => {
  expect(clockEvents(() => new Date())("exec-tfs")).toEqual([]);
});
