import type { BlockingLink } from "../schedule.ts";
import type { Job } from "./network.ts";
import type { Occupancy } from "./occupancy.ts";
import type { Routing } from "./routing.ts";

const MOST = 16;

/** The links that unplaced jobs would have to pass, by how many of them and how full they are. */
export function blockingLinks(occupancy: Occupancy, unplaced: readonly Job[], routing: Routing): BlockingLink[] {
  const { network } = occupancy;
  const wanted = new Map<number, { readonly ids: Set<string>; demand: number }>();
  for (const job of unplaced) {
    const [route] = routing.all(job);
    for (const [i, link] of (route?.links ?? []).entries()) {
      const known = wanted.get(link) ?? { ids: new Set<string>(), demand: 0 };
      known.ids.add(job.stream.id);
      known.demand += (route?.txNs[i] ?? 0) / job.periodNs;
      wanted.set(link, known);
    }
  }
  return [...wanted]
    .map(([link, { ids, demand }]) => ({
      link: network.links[link]?.id ?? "",
      utilisation: occupancy.on(link).reduce((sum, b) => sum + b.len / b.period, demand),
      streams: [...ids],
    }))
    .toSorted((a, b) => b.utilisation - a.utilisation || (a.link < b.link ? -1 : 1))
    .slice(0, MOST);
}
