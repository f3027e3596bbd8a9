import { disjointPaths } from "./disjoint.ts";
import type { Job, Network } from "./network.ts";
import { openPaths, type Path } from "./paths.ts";
import { type Route, timePath, timeRoute } from "./route.ts";

/** The routes that a job may take, in the order in which they are tried. */
export interface Routing {
  /** The shortest. */
  one(job: Job): readonly Route[];
  /** All in a small network, the shortest in a large one: for the first try. */
  quick(job: Job): readonly Route[];
  /** All that the search looks at. */
  all(job: Job): readonly Route[];
  /** All loopless paths, or undefined where they are more than the search looks at. */
  paths(talker: number, listener: number): readonly Path[] | undefined;
}

const SEVERAL = 10;
const SMALL_NETWORK = 128;

export function openRouting(network: Network): Routing {
  const paths = openPaths(network);
  const routes = new Map<string, readonly Route[]>();
  const disjoint = new Map<string, readonly Path[]>();

  function remember(key: string, find: () => readonly Route[]): readonly Route[] {
    const known = routes.get(key);
    if (known !== undefined) return known;
    const found = find();
    routes.set(key, found);
    return found;
  }

  const shape = ({ stream, talker, listeners }: Job): string =>
    [talker, listeners.join(","), stream.frameBytes, stream.framesPerInterval, stream.trafficClass].join(" ");

  function ofTree(job: Job, listener: number): readonly Route[] {
    const key = [job.talker, listener, job.stream.trees].join(" ");
    const found = disjoint.get(key) ?? disjointPaths(network, job.talker, listener, job.stream.trees) ?? [];
    disjoint.set(key, found);
    const path = found[job.tree];
    return path === undefined ? [] : [timePath(network, job, path)];
  }

  function find(job: Job, count: number): readonly Route[] {
    const [listener] = job.listeners;
    if (listener === undefined) return [];
    if (job.stream.trees > 1) return ofTree(job, listener);
    if (job.listeners.length > 1) {
      const tree = paths.tree(job.talker, job.listeners);
      return tree === undefined ? [] : [timeRoute(network, job, tree.links, tree.parents)];
    }
    if (count > 1) return paths.several(job.talker, listener, count).map((path) => timePath(network, job, path));
    const first = paths.first(job.talker, listener);
    return first === undefined ? [] : [timePath(network, job, first)];
  }

  const all = (job: Job): readonly Route[] =>
    remember(`all ${shape(job)} ${job.stream.trees > 1 ? String(job.tree) : ""}`, () => find(job, SEVERAL));

  const one = (job: Job): readonly Route[] =>
    remember(`one ${shape(job)} ${job.stream.trees > 1 ? String(job.tree) : ""}`, () => find(job, 1));

  return {
    one,
    all,
    paths: (talker, listener) => {
      const found = paths.several(talker, listener, SEVERAL);
      return found.length < SEVERAL ? found : undefined;
    },
    quick: network.nodes.length <= SMALL_NETWORK ? all : one,
  };
}
