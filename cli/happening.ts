import { durationText } from "../domain/tsn/render/labels.ts";
import { type Paint, printable } from "./screen.ts";
import { table } from "./table.ts";
import type { UnderlayEvent } from "./wire.ts";

/** `eu.meta-os.nemo.intent.submitted.v1` without what all of them have. */
export const shortType = (type: string): string => type.replace(/^eu\.meta-os\.nemo\./, "").replace(/\.v1$/, "");

type Fields = Readonly<Record<string, unknown>>;
const fieldsOf = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {});
const textOf = (value: unknown): string => (typeof value === "string" || typeof value === "number" ? String(value) : "");
const words = (...parts: readonly unknown[]): string =>
  parts
    .map(textOf)
    .filter((text) => text !== "")
    .join(" ");
const because = (data: Fields): string =>
  [data["code"], data["reason"]]
    .map(textOf)
    .filter((text) => text !== "")
    .join(": ");

const latencyText = (ns: unknown): string => (typeof ns === "number" ? durationText(ns) : "");

const whats: Readonly<Record<string, (data: Fields) => string>> = {
  "intent.submitted": (data) => words("generation", data["generation"], "submission", data["submission"], "wanted", data["wanted"]),
  "intent.derived": (data) => words("by", data["library"]),
  "intent.classified": ({ matches }) =>
    Array.isArray(matches) ? matches.map((match) => textOf(fieldsOf(match)["library"])).join(", ") : "",
  "intent.reported": (data) => {
    const { intentFulfilmentInfo } = fieldsOf(fieldsOf(data["report"])["intentFulfilmentReport"]);
    const { notFullfilledState: state, fulfilmentStatus, notFulfilledReasons: reasons } = fieldsOf(intentFulfilmentInfo);
    return words(state ?? fulfilmentStatus, Array.isArray(reasons) ? reasons.map(textOf).join("; ") : "");
  },
  "order.placed": (data) => {
    const order = fieldsOf(data["order"]);
    return words(data["action"], order["executioner"], order["resource"]);
  },
  "order.executed": (data) => words(data["effect"], data["executioner"], data["resource"]),
  "tsn.requested": (data) => words(data["operation"]),
  "tsn.scheduled": (data) =>
    words(
      data["operation"],
      "revision",
      data["revision"],
      "streams",
      data["streamCount"],
      "worst latency",
      latencyText(data["worstLatencyNs"]),
    ),
  "tsn.infeasible": (data) => words(data["operation"], fieldsOf(data["certificate"])["kind"], fieldsOf(data["certificate"])["reason"]),
  "tsn.undecided": (data) => words(data["operation"], data["unscheduledCount"], "without a place"),
  "tsn.refused": (data) => words(data["operation"], because(data)),
  "scaling.proposed": (data) => words(data["mode"], "replicas", data["replicas"], "hpa", data["hpa"], data["fallback"]),
  "learning.updated": (data) => words("round", data["round"], "samples", data["samples"]),
  "policy.updated": (data) => words(fieldsOf(data["link"])["outcome"], because(data)),
  "client.rejected": (data) => words("round", data["round"], because(data)),
  "order.failed": (data) => words(data["executioner"], data["resource"], because(data)),
  "pod.changed": (data) => {
    const pod = fieldsOf(data["pod"]);
    return words(data["kind"], pod["name"], pod["phase"]);
  },
  "node.changed": (data) => words(data["kind"], data["name"], data["ready"] === true ? "ready" : "not ready"),
  "twin.status.changed": (data) => {
    const [latest] = Array.isArray(data["changes"]) ? data["changes"].slice(-1).map(fieldsOf) : [];
    const { current, phase } = fieldsOf(data["status"]);
    const exit = typeof latest?.["exitCode"] === "number" ? `exit code ${String(latest["exitCode"])}` : "";
    return words(current ?? phase, latest?.["pod"], latest?.["status"] ?? latest?.["phase"], latest?.["reason"], exit);
  },
  "twin.anomaly.detected": (data) => {
    const anomaly = fieldsOf(data["anomaly"]);
    return words(anomaly["state"], anomaly["severity"], anomaly["rule"], anomaly["summary"]);
  },
  "twin.snapshot.taken": (data) => {
    const { current, phase } = fieldsOf(fieldsOf(data["twin"])["status"]);
    return words(current ?? phase);
  },
};

/** What happened, in a few words; of an event that is not known here, what its data says about itself. */
export function whatOf({ type, data }: UnderlayEvent): string {
  const fields = fieldsOf(data);
  return whats[shortType(type)]?.(fields) ?? words(fields["executioner"], fields["resource"], because(fields));
}

export const eventLine = (event: UnderlayEvent, paint: Paint): string => {
  const [time, type, subject] = [event.time ?? "", shortType(event.type).padEnd(18), event.subject ?? ""].map(printable);
  return `${paint(time ?? "", "faint")}  ${type ?? ""}  ${subject ?? ""}  ${printable(whatOf(event))}`.trimEnd();
};

export function eventTable(events: readonly UnderlayEvent[], paint: Paint): readonly string[] {
  if (events.length === 0) return ["no events"];
  return table(
    events,
    [
      { title: "TIME", of: (e) => e.time, style: () => "faint" },
      { title: "TYPE", of: (e) => shortType(e.type) },
      { title: "SUBJECT", of: (e) => e.subject },
      { title: "WHAT", of: whatOf },
    ],
    paint,
  );
}
