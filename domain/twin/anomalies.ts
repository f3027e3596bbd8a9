import type { Told, TwinRecord } from "./record.ts";
import { type Finding, RULES } from "./rules.ts";

/** Enough for whoever asks again: a redelivery comes within minutes. */
const CLOSED_KEPT = 8;

const isOf = ({ anomaly }: Told, { rule, what }: Pick<Finding, "rule" | "what">): boolean => anomaly.rule === rule && anomaly.what === what;

/**
 * Opens what the rules find and nobody has told of, and closes what they no longer find, each once. `cause` names what the twin just took in (`pod:<uid>:<seq>`,
 * `round:<n>`): asked again for the news of that cause, the same anomalies are told.
 */
export function judge(record: TwinRecord, nowMs: number, cause: string): TwinRecord {
  const known = record.memory.anomalies;
  const open = known.filter(({ closedBy }) => closedBy === null);
  const findings = RULES.flatMap((rule) =>
    rule({ record, nowMs, isOpen: (name, what) => open.some((told) => isOf(told, { rule: name, what })) }),
  );
  const now = new Date(nowMs).toISOString();
  const next: Told[] = known.map((told) => {
    if (told.closedBy !== null) return told;
    const still = findings.find((finding) => isOf(told, finding));
    // It stands, with the figures of now; that is no news.
    if (still !== undefined) return { ...told, anomaly: { ...told.anomaly, ...still } };
    return { ...told, anomaly: { ...told.anomaly, state: "closed", closedAt: now }, closedBy: cause };
  });
  for (const finding of findings) {
    if (open.some((told) => isOf(told, finding))) continue;
    const anomalyId = `${record.twin.twinId}#${finding.rule}${finding.what === null ? "" : `#${finding.what}`}#${String(record.twin.seq)}`;
    next.push({ anomaly: { anomalyId, ...finding, state: "open", since: now, closedAt: null }, openedBy: cause, closedBy: null });
  }
  const closed = next.filter(({ closedBy }) => closedBy !== null).slice(-CLOSED_KEPT);
  const standing = next.filter(({ closedBy }) => closedBy === null);
  return {
    twin: { ...record.twin, anomalies: standing.map(({ anomaly }) => anomaly) },
    memory: { ...record.memory, anomalies: [...closed, ...standing] },
  };
}

/** What a cause opened, as it was then, and what it closed. */
export const toldBy = ({ memory }: TwinRecord, cause: string): Told["anomaly"][] =>
  memory.anomalies.flatMap(({ anomaly, openedBy, closedBy }) => [
    ...(openedBy === cause ? [{ ...anomaly, state: "open" as const, closedAt: null }] : []),
    ...(closedBy === cause ? [anomaly] : []),
  ]);
