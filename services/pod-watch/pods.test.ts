import { describe, expect, it } from "vitest";
import { PodChanged } from "../../events/pod.ts";
import type { Change } from "../kubernetes/reflector.ts";
import { openOwners } from "./owners.ts";
import { openPods } from "./pods.ts";

const owned = (kind: string, name: string) => [{ apiVersion: "apps/v1", kind, name, uid: name, controller: true }];
const object = (name: string, more: object = {}, metadata: object = {}) => ({
  metadata: { name, namespace: "shop", uid: name, resourceVersion: "1", ...metadata },
  ...more,
});
const added = (raw: ReturnType<typeof object>): Change => ({ kind: "added", uid: raw.metadata.uid, object: raw });
const deployment = (replicas: number) => added(object("web", { spec: { replicas }, status: {} }));
const replicaSet = (name: string) => added(object(name, {}, { ownerReferences: owned("Deployment", "web") }));
const pod = (name: string, of: string) =>
  added(object(name, { status: { phase: "Running" } }, { ownerReferences: owned("ReplicaSet", of) }));

const NOW_MS = 1_700_000_000_000;
function world() {
  const owners = openOwners();
  const refused: string[] = [];
  const pods = openPods({
    cluster: "one",
    seq: 0,
    known: new Map(),
    findOwner: owners.find,
    now: () => new Date(NOW_MS),
    refused: (uid) => refused.push(uid),
  });
  return { owners, pods, refused };
}
const dataOf = ({ events }: { events: readonly { data?: unknown }[] }) => events.map(({ data }) => PodChanged.data.parse(data));

describe("pods and their owners", () => {
  it("tell what an owner changes once a component, also while it is rolled out from one ReplicaSet to another", () => {
    const { owners, pods } = world();
    owners.take([deployment(2), replicaSet("web-old"), replicaSet("web-new")]);
    pods.take([pod("a", "web-old"), pod("b", "web-old"), pod("c", "web-new")]);
    const [told, ...more] = dataOf(pods.ownersChanged(owners.take([deployment(3)])));
    expect(more).toEqual([]);
    expect(told?.pod.owners.at(-1)).toMatchObject({ kind: "Deployment", name: "web", replicas: { desired: 3 } });
    expect(pods.ownersChanged(owners.take([deployment(3)])).events).toEqual([]);
  });

  it("number changes of one millisecond one after the other", () => {
    const { pods } = world();
    expect(dataOf(pods.take([pod("a", "x"), pod("b", "x"), pod("c", "x")])).map(({ seq }) => seq)).toEqual([
      NOW_MS,
      NOW_MS + 1,
      NOW_MS + 2,
    ]);
  });

  it("leave out what is no pod, and say so", () => {
    const { pods, refused } = world();
    const { events } = pods.take([added(object("odd", { status: { containerStatuses: [{ name: "x" }] } })), pod("a", "x")]);
    expect([events.length, refused]).toEqual([1, ["odd"]]);
  });

  it("do not tell of a pod that came and went within one batch as if it were there", () => {
    const { pods } = world();
    const { events, told, removed } = pods.take([pod("a", "x"), { kind: "removed", uid: "a", object: undefined }]);
    expect(dataOf({ events }).map(({ kind }) => kind)).toEqual(["added", "deleted"]);
    expect([[...told.keys()], removed]).toEqual([[], ["a"]]);
  });
});
