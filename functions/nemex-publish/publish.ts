import type { z } from "zod";
import { type Change, changeOf, hasChanged, isNothing } from "../../domain/topology/change.ts";
import { type Age, assemble, isAtHome, isOlder, seeLink, STALE_AFTER_PERIODS, type View, viewOf } from "../../domain/topology/cost-map.ts";
import { identify } from "../../domain/topology/identity.ts";
import { CostMapPublished } from "../../events/cost-map.ts";
import { derivedId } from "../../events/define.ts";
import { TransientError } from "../../runtime/errors.ts";
import type { CostMapStore, Head, Publication } from "../../state/cost-map.ts";
import type { TopologyStore } from "../../state/topology.ts";

type Said = z.infer<typeof CostMapPublished.data>;

export interface Looking {
  readonly topology: TopologyStore;
  readonly costMaps: CostMapStore;
  readonly everyMs: number;
  readonly now: Date;
  /** Of the event that made us look. */
  readonly cause: string;
}

/** A tick may come early by what the clock of the last one was late. */
const TICK_SLACK_MS = 5_000;
/** More links than this make a message that brokers refuse or choke on; who wants them all asks the API. */
const MAX_LINKS_IN_A_MESSAGE = 1_000;
/** More losers in a row than this is not contention but a fault. */
const MAX_TRIES = 50;

const nothing: View = { nodes: [], nodeErrors: [], seen: {} };

interface News {
  readonly head: Head | undefined;
  readonly last: View;
  readonly view: View;
  readonly change: Change;
  readonly isHeartbeat: boolean;
}

/** Publishes a cluster's map if something left its dead-band, or the heartbeat is due. `link`: the only one that can have changed. */
export async function publishIfDue(cluster: string, link: string | undefined, looking: Looking): Promise<Said | undefined> {
  const { costMaps, cause } = looking;
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const head = await costMaps.head(cluster);
    // A redelivery repeats itself: what was published and perhaps not told is told again, with the same id.
    if (head?.cause === cause) return CostMapPublished.data.parse(JSON.parse((await costMaps.said(cluster)) ?? "null"));
    const alone = link === undefined ? undefined : await lookAtLink(cluster, link, head, looking);
    const news = alone ?? (await lookAtAll(cluster, looking));
    if (isNothing(news.change) && !news.isHeartbeat) return undefined;
    const { said, publication } = publicationOf(cluster, news, looking);
    if (await costMaps.publish(cluster, publication)) return said;
  }
  throw new TransientError("COST_MAP_CONTENDED", `the cost map of ${cluster} was published by others ${String(MAX_TRIES)} times in a row`);
}

const ageIn = ({ now, everyMs }: Looking): Age => ({ now, staleAfterMs: STALE_AFTER_PERIODS * everyMs });

/** The cheap look, at one link that the map has already; undefined where the whole map has to be looked at. */
async function lookAtLink(cluster: string, place: string, head: Head | undefined, looking: Looking): Promise<News | undefined> {
  const state = await looking.topology.link(cluster, place);
  if (head === undefined || state === undefined) return undefined;
  const looked = seeLink(state, identify(await looking.topology.nodes(cluster)), ageIn(looking));
  if (looked?.[1].link === undefined) return undefined;
  const [key, now] = looked;
  const before = await looking.costMaps.seen(cluster, key);
  const last: View = { nodes: head.nodes, nodeErrors: head.nodeErrors, seen: before === undefined ? {} : { [key]: before } };
  if (!isAtHome(last, key, looked[1].link, [state.source, state.destination])) return undefined;
  const seen = hasChanged(before, now) && !isOlder(now, before) ? { [key]: now } : {};
  return { head, last, view: { ...last, seen }, change: { seen, removed: [], nodesChanged: false }, isHeartbeat: false };
}

async function lookAtAll(cluster: string, looking: Looking): Promise<News> {
  const { topology, costMaps, now, everyMs } = looking;
  const published = await costMaps.published(cluster);
  const view = viewOf(await topology.topology(cluster), ageIn(looking));
  const last = published ?? nothing;
  const isHeartbeat = published !== undefined && now.getTime() - Date.parse(published.head.publishedAt) >= everyMs - TICK_SLACK_MS;
  return { head: published?.head, last, view, change: changeOf(last, view), isHeartbeat };
}

function publicationOf(
  cluster: string,
  { head, last, view, change, isHeartbeat }: News,
  { now, cause }: Looking,
): { said: Said; publication: Publication } {
  const isWhole = head === undefined || isHeartbeat;
  const seen = isWhole ? view.seen : change.seen;
  const seq = (head?.seq ?? 0) + 1;
  const previousTag = head?.tag ?? null;
  const publishedAt = now.toISOString();
  const { nodes, nodeErrors } = view;
  const tag = derivedId(
    { source: previousTag ?? cluster, id: JSON.stringify([publishedAt, seen, change.removed, nodes]) },
    CostMapPublished.type,
    seq,
  );
  const carries = Object.keys(seen).length > MAX_LINKS_IN_A_MESSAGE ? "notice" : isWhole ? "map" : "change";
  const told = Object.values(carries === "notice" ? {} : seen);
  const said: Said = {
    cluster,
    seq,
    tag,
    previousTag,
    publishedAt,
    reason: isNothing(change) ? "heartbeat" : "change",
    carries,
    ...(isWhole || change.nodesChanged ? { nodes: [...nodes] } : {}),
    links: told.flatMap(({ link }) => link ?? []),
    removed: change.removed.filter((key) => last.seen[key]?.link !== undefined),
    errors:
      carries === "map" ? [...assemble(view).errors] : [...(change.nodesChanged ? nodeErrors : []), ...told.flatMap((one) => one.errors)],
  };
  const next: Head = { seq, tag, publishedAt, cause, nodes, nodeErrors };
  return { said, publication: { head: next, said: JSON.stringify(said), seen, removed: change.removed } };
}
