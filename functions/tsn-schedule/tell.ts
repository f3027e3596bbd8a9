import type { TsnDomain, TsnRequest } from "../../domain/tsn/domain.ts";
import type { Schedule, Verdict } from "../../domain/tsn/schedule.ts";
import type { Event } from "../../events/define.ts";
import { TsnInfeasible, TsnScheduled, TsnUndecided } from "../../events/tsn.ts";

/** What of a list goes into an event: CloudEvents travel up to 64 KiB. */
const MOST = 200;
const MOST_BYTES = 32_768;

interface From {
  readonly source: string;
  readonly subject: string;
  readonly cause: Event;
}

export interface Asked {
  readonly domain: string;
  readonly operation: TsnRequest["operation"];
  /** Those that the event tells of; all of them where it is left out. */
  readonly streamIds?: readonly string[];
}

export const askedBy = (request: TsnRequest): Asked => ({
  domain: request.domain,
  operation: request.operation,
  ...(request.operation === "admit" ? { streamIds: request.streams.map(({ id }) => id) } : {}),
  ...(request.operation === "remove" ? { streamIds: [] } : {}),
});

/** A domain has another schedule. */
export function scheduledEvent(
  from: From,
  { domain, operation, streamIds }: Asked,
  { revision, schedule, touchedLinks }: TsnDomain,
): Event {
  const touched = new Set(touchedLinks);
  const ports = schedule.ports.filter(({ link }) => touched.has(link));
  const fits = ports.length <= MOST && JSON.stringify(ports).length <= MOST_BYTES;
  const data = {
    domain,
    operation,
    revision,
    streamCount: schedule.streams.length,
    portCount: schedule.ports.length,
    worstLatencyNs: schedule.streams.reduce((worst, { latencyNs }) => Math.max(worst, latencyNs), 0),
    streams: named(schedule, streamIds).slice(0, MOST),
    touchedLinks: touchedLinks.slice(0, MOST),
    ...(fits ? { ports } : {}),
  };
  return TsnScheduled.make({ ...from, data });
}

/** There is none, or none was found: what stood stands. */
export function unplacedEvent(from: From, { domain, operation }: Asked, verdict: Exclude<Verdict, { verdict: "scheduled" }>): Event {
  if (verdict.verdict === "infeasible") {
    const { certificate, statistics } = verdict;
    return TsnInfeasible.make({ ...from, data: { domain, operation, certificate, statistics } });
  }
  const { unscheduled, blocking, statistics } = verdict;
  const data = {
    domain,
    operation,
    unscheduled: unscheduled.slice(0, MOST),
    unscheduledCount: unscheduled.length,
    blocking: blocking.slice(0, 20).map((link) => ({ ...link, streams: link.streams.slice(0, 20) })),
    statistics,
  };
  return TsnUndecided.make({ ...from, data });
}

function named({ streams }: Schedule, streamIds: readonly string[] | undefined) {
  const asked = streamIds === undefined ? undefined : new Set(streamIds);
  return streams
    .filter(({ id }) => asked?.has(id) ?? true)
    .map(({ id, members, latencyNs, jitterNs }) => ({ id, offsetNs: members[0]?.hops[0]?.startNs ?? 0, latencyNs, jitterNs }));
}
