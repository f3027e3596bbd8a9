import { readingOf } from "../../domain/twin/reading-of.ts";
import type { Twin } from "../../domain/twin/model.ts";
import type { TwinStore } from "../../state/twins.ts";
import type { Asking } from "./sources/http.ts";
import type { TwinSources } from "./sources/sources.ts";
import type { Reading } from "../../domain/twin/reading.ts";

const PAGE = 200;
/** A component whose last pod is gone is told of for an hour, and then was one. */
const FORGET_AFTER_MS = 3_600_000;

const isPast = ({ pods, status }: Twin, nowMs: number): boolean => pods.length === 0 && nowMs - Date.parse(status.since) > FORGET_AFTER_MS;

async function allTwins(twins: TwinStore): Promise<readonly Twin[]> {
  const all: Twin[] = [];
  for (;;) {
    const page = await twins.list({ after: all.at(-1)?.twinId, limit: PAGE });
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}

/** Every twin, with what its cluster's sources say of it: they are asked once for all twins. Those that are long gone are forgotten. */
export async function readAll(
  { twins, sources }: { readonly twins: TwinStore; readonly sources: TwinSources },
  asking: Asking,
): Promise<readonly { readonly twin: Twin; readonly reading: Reading }[]> {
  const all = await allTwins(twins);
  const nowMs = asking.now().getTime();
  const [past, present] = [all.filter((twin) => isPast(twin, nowMs)), all.filter((twin) => !isPast(twin, nowMs))];
  await Promise.all(past.map((twin) => twins.forget(twin)));
  const byCluster = Map.groupBy(present, ({ cluster }) => cluster);
  const read = await Promise.all(
    [...byCluster].map(async ([cluster, its]) => {
      const nodes = new Set(its.flatMap(({ pods }) => pods.flatMap(({ node }) => (node === null ? [] : [node]))));
      const reading = await sources.cluster(cluster, [...nodes], asking);
      return its.map((twin) => ({ twin, reading: readingOf(twin, reading) }));
    }),
  );
  return read.flat();
}
