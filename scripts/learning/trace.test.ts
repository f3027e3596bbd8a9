import { describe, expect, it } from "vitest";
import { asDemand, isTraceError, parseTrace, podRequestsPerMinute } from "./trace.ts";

const failureOf = (text: string): string => {
  try {
    parseTrace(text, "mine");
  } catch (error) {
    if (isTraceError(error)) return error.message;
    throw error;
  }
  return "none";
};

describe("a trace", () => {
  it("is read whatever the order of rows and columns, and whatever else is in it", () => {
    expect(parseTrace("day,requests,minute_index\r\n1,30,12\r\n1,10,10\r\n1,20,11\r\n", "mine")).toEqual({
      name: "mine",
      requests: [10, 20, 30],
      gaps: 0,
    });
  });
  it("repeats the minute before a gap, and counts it", () => {
    expect(parseTrace("minute_index,requests\n0,10\n1,12\n4,14\n", "mine")).toMatchObject({ requests: [10, 12, 12, 12, 14], gaps: 2 });
  });
  it("takes five silent minutes of a busy trace for a gap, and four for silence", () => {
    const rows = (zeros: number): string =>
      ["minute_index,requests", "0,40", ...Array.from({ length: zeros }, (_, i) => `${i + 1},0`), `${zeros + 1},40`].join("\n");
    expect(parseTrace(rows(5), "mine").gaps).toBe(5);
    expect(parseTrace(rows(4), "mine")).toMatchObject({ gaps: 0, requests: [40, 0, 0, 0, 0, 40] });
  });
  it.each([
    ["minute,requests\n0,1", "mine: line 1 must name the columns minute_index and requests, it is: minute,requests"],
    ["minute_index,requests\n0,1\n1,many", "mine: line 3: requests is not a number of at least 0"],
    ["minute_index,requests\n0,-1", "mine: line 2: requests is not a number of at least 0"],
    ["minute_index,requests\n0.5,1", "mine: line 2: minute_index is not a whole number of at least 0"],
    ["minute_index,requests\n0,1\n0,2", "mine: line 3: minute 0 is there twice"],
    ["minute_index,requests\n0,0", "mine: there is no request in it"],
    ["minute_index,requests\n", "mine: there is no request in it"],
    ["minute_index,requests\n0,1\n9999999,1", "mine: 10000000 minutes are more than 1000000"],
  ])("that is no trace is refused, and the place is named: %j", (text, message) => expect(failureOf(text)).toBe(message));

  it("becomes pods of work, two ticks a minute, its 99.9th percentile the peak", () => {
    const requests = Array.from({ length: 1001 }, (_, i) => i);
    const perPod = podRequestsPerMinute(requests, 5);
    const demand = asDemand(requests, perPod);
    expect(demand).toHaveLength(2002);
    expect(demand[2 * 999]).toBeCloseTo(5, 5);
    expect(demand[2 * 999]).toBe(demand[2 * 999 + 1]);
  });
});
