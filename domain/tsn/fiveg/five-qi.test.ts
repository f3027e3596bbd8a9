import { describe, expect, it } from "vitest";
import { fiveQiFor } from "./five-qi.ts";

describe("the 5QI of a burst", () => {
  it.each([
    [100, 5, 85],
    [255, 9, 85],
    [256, 5, 86],
    [1354, 9, 86],
    [100, 10, 82],
    [300, 10, 83],
    [300, 29, 83],
    [100, 30, 84],
    [1354, 1000, 84],
  ])("of %d octets within %d ms is %d: the largest budget that is kept, then the smallest volume", (bytes, ms, fiveQi) => {
    expect(fiveQiFor(bytes, ms)).toMatchObject({ ok: true, value: { fiveQi } });
  });

  it("is none where the burst is larger than any takes, or the time shorter than any keeps", () => {
    expect(fiveQiFor(1355, 30)).toMatchObject({ ok: false, code: "FIVEQI_NONE", reason: expect.stringContaining("more than the 1354") });
    expect(fiveQiFor(100, 4)).toMatchObject({ ok: false, code: "FIVEQI_NONE", reason: expect.stringContaining("within 4 ms") });
  });
});
