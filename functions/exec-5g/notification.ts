import { z } from "zod";
import type { Observation } from "../../domain/intent/observation.ts";

const numbers = z.array(z.number().nonnegative()).max(100).optional();

/** UserPlaneNotificationData (TS 29.122 5.14.2.1.5), as far as a flow is told of by it; unknown events pass. */
export const UserPlaneNotification = z.object({
  transaction: z.string().max(2_048),
  eventReports: z
    .array(
      z.object({
        event: z.string().max(64),
        appliedQosRef: z.string().max(256).optional(),
        accumulatedUsage: z
          .object({
            duration: z.number().nonnegative().optional(),
            totalVolume: z.number().nonnegative().optional(),
            downlinkVolume: z.number().nonnegative().optional(),
            uplinkVolume: z.number().nonnegative().optional(),
          })
          .optional(),
        qosMonReports: z
          .array(z.object({ ulDelays: numbers, dlDelays: numbers, rtDelays: numbers }))
          .max(100)
          .optional(),
      }),
    )
    .min(1)
    .max(100),
});
export type UserPlaneNotification = z.infer<typeof UserPlaneNotification>;

/** CAMARA Quality on Demand's notification, a CloudEvent. */
export const QosStatusChanged = z.object({
  specversion: z.literal("1.0"),
  type: z.literal("org.camaraproject.quality-on-demand.v1.qos-status-changed"),
  data: z.object({
    sessionId: z.string(),
    qosStatus: z.enum(["REQUESTED", "AVAILABLE", "UNAVAILABLE"]),
    statusInfo: z.string().max(64).optional(),
  }),
});

type Told = Pick<Observation, "values" | "conditions">;
type Report = UserPlaneNotification["eventReports"][number];

/** What is wrong while an event stands, and which event says that it is right again. */
const troubles: Readonly<Record<string, { readonly code: string; readonly reason: string }>> = {
  QOS_NOT_GUARANTEED: { code: "QOS_NOT_GUARANTEED", reason: "the core cannot guarantee the quality of the flow" },
  FAILED_RESOURCES_ALLOCATION: { code: "QOS_NOT_GUARANTEED", reason: "the core has no resources for the flow" },
  LOSS_OF_BEARER: { code: "BEARER_LOST", reason: "the flow has lost its bearer" },
  RELEASE_OF_BEARER: { code: "BEARER_LOST", reason: "the bearer of the flow was released" },
  SESSION_TERMINATION: { code: "SESSION_TERMINATED", reason: "the core ended the session of the flow" },
};
const cures: Readonly<Record<string, string>> = {
  QOS_GUARANTEED: "QOS_NOT_GUARANTEED",
  SUCCESSFUL_RESOURCES_ALLOCATION: "QOS_NOT_GUARANTEED",
  RECOVERY_OF_BEARER: "BEARER_LOST",
};

/** A core's reports as one observation; of several delays the largest, which is the one that a promise fails by. */
export function toldBy({ eventReports }: UserPlaneNotification): Told {
  const values: Record<string, number> = {};
  const conditions: Record<string, string | null> = {};
  for (const report of eventReports) {
    const trouble = troubles[report.event];
    if (trouble !== undefined)
      conditions[trouble.code] =
        report.appliedQosRef === undefined ? trouble.reason : `${trouble.reason}; it applies ${report.appliedQosRef}`;
    const cured = cures[report.event];
    if (cured !== undefined) conditions[cured] = null;
    Object.assign(values, delaysOf(report), usageOf(report));
  }
  return { values, conditions };
}

function delaysOf({ qosMonReports = [] }: Report): Readonly<Record<string, number>> {
  const largest = (of: (r: NonNullable<Report["qosMonReports"]>[number]) => readonly number[] | undefined): number | undefined => {
    const all = qosMonReports.flatMap((r) => of(r) ?? []);
    return all.length === 0 ? undefined : Math.max(...all);
  };
  return known({
    uplinkDelayMs: largest((r) => r.ulDelays),
    downlinkDelayMs: largest((r) => r.dlDelays),
    roundTripDelayMs: largest((r) => r.rtDelays),
  });
}

const usageOf = ({ accumulatedUsage: usage }: Report): Readonly<Record<string, number>> =>
  known({
    usageS: usage?.duration,
    totalBytes: usage?.totalVolume,
    downlinkBytes: usage?.downlinkVolume,
    uplinkBytes: usage?.uplinkVolume,
  });

const known = (values: Readonly<Record<string, number | undefined>>): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

export const toldByCamara = ({ data: { qosStatus, statusInfo } }: z.infer<typeof QosStatusChanged>): Told => ({
  values: {},
  conditions: {
    QOS_NOT_GUARANTEED:
      qosStatus === "UNAVAILABLE" ? `the core says UNAVAILABLE${statusInfo === undefined ? "" : ` (${statusInfo})`}` : null,
  },
});
