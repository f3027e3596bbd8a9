import { describe, expect, it } from "vitest";
import { observed } from "../../domain/intent/observation.ts";
import { QosStatusChanged, toldBy, toldByCamara, UserPlaneNotification } from "./notification.ts";
import { isNotifyToken, notifyToken } from "./notify-token.ts";

const told = (...eventReports: readonly object[]) => toldBy(UserPlaneNotification.parse({ transaction: "t", eventReports }));

describe("what a 5G core tells", () => {
  it("is the largest of several delays, in the core's direction words, and the usage so far", () => {
    expect(told({ event: "QOS_MONITORING", qosMonReports: [{ ulDelays: [12, 14], rtDelays: [21] }, { ulDelays: [13] }] })).toEqual({
      values: { uplinkDelayMs: 14, roundTripDelayMs: 21 },
      conditions: {},
    });
    expect(told({ event: "USAGE_REPORT", accumulatedUsage: { duration: 60, uplinkVolume: 5 } }).values).toEqual({
      usageS: 60,
      uplinkBytes: 5,
    });
  });

  it("is nothing where an event is unknown: later releases have more of them", () => {
    expect(told({ event: "L4S_AVAILABLE" }, { event: "SOMETHING_NEW", more: {} })).toEqual({ values: {}, conditions: {} });
  });

  it.each([
    ["QOS_NOT_GUARANTEED", "QOS_GUARANTEED", "QOS_NOT_GUARANTEED"],
    ["LOSS_OF_BEARER", "RECOVERY_OF_BEARER", "BEARER_LOST"],
    ["FAILED_RESOURCES_ALLOCATION", "SUCCESSFUL_RESOURCES_ALLOCATION", "QOS_NOT_GUARANTEED"],
  ])("is a trouble from %s until %s", (trouble, cure, code) => {
    const about = { executioner: "5g", resource: "flow/a" };
    const bad = observed([], { ...about, ...told({ event: trouble }), at: "2026-01-01T00:00:00Z" });
    expect(Object.keys(bad[0]?.conditions ?? {})).toEqual([code]);
    const good = observed(bad, { ...about, ...told({ event: cure }), at: "2026-01-01T00:00:01Z" });
    expect(good[0]?.conditions).toEqual({});
    expect(observed(good, { ...about, ...told({ event: trouble }), at: "2026-01-01T00:00:00Z" })).toBe(good);
  });

  it("is CAMARA's status too", () => {
    const event = (qosStatus: string) =>
      toldByCamara(
        QosStatusChanged.parse({
          specversion: "1.0",
          type: "org.camaraproject.quality-on-demand.v1.qos-status-changed",
          data: { sessionId: "s", qosStatus, statusInfo: "NETWORK_TERMINATED" },
        }),
      );
    expect(event("UNAVAILABLE").conditions).toEqual({ QOS_NOT_GUARANTEED: "the core says UNAVAILABLE (NETWORK_TERMINATED)" });
    expect(event("AVAILABLE").conditions).toEqual({ QOS_NOT_GUARANTEED: null });
  });

  it("is bounded: no endless lists, no negative numbers", () => {
    const is = (report: object) => UserPlaneNotification.safeParse({ transaction: "t", eventReports: [report] }).success;
    expect(is({ event: "QOS_MONITORING", qosMonReports: [{ ulDelays: [-1] }] })).toBe(false);
    expect(is({ event: "QOS_MONITORING", qosMonReports: [{ ulDelays: Array.from({ length: 101 }, () => 1) }] })).toBe(false);
    expect(is({ event: "E".repeat(65) })).toBe(false);
  });
});

it("knows the address that it gave for one flow from every other", () => {
  const key = Buffer.alloc(32, 1);
  const token = notifyToken(key, "flows-1");
  expect(isNotifyToken(key, "flows-1", token)).toBe(true);
  for (const [k, name, t] of [
    [key, "flows-2", token],
    [Buffer.alloc(32, 2), "flows-1", token],
    [key, "flows-1", `${token}x`],
    [key, "flows-1", ""],
  ] as const)
    expect(isNotifyToken(k, name, t)).toBe(false);
});
