import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { alices, at, container, news, nobodys, oomKilled, pod, terminated, waiting } from "../../test/support/pods.ts";
import { newsOfPod, type PodNews, takePod } from "./fuse-pod.ts";
import type { Pod } from "./pod.ts";
import type { TwinRecord } from "./record.ts";

const restarted = (restartCount: number, given: Partial<Pod> = {}, ready = true): Pod =>
  pod({ containers: [container({ restartCount, lastTermination: restartCount === 0 ? null : oomKilled })], ...given }, ready);
const crashing = (restartCount: number): Pod =>
  pod({ containers: [container({ restartCount, state: waiting("CrashLoopBackOff"), lastTermination: oomKilled })] }, false);

const take = (looks: readonly PodNews[], from?: TwinRecord): TwinRecord => {
  const record = looks.reduce<TwinRecord | undefined>((known, look) => takePod(known, look, alices), from);
  if (record === undefined) throw new Error("no look");
  return record;
};
const told = ({ twin }: TwinRecord) =>
  twin.status.history.toReversed().map(({ seq, status, phase, count }) => [seq, status ?? phase, count]);
const restartsIn = ({ twin }: TwinRecord): number => twin.status.history.reduce((sum, { count }) => sum + count, 0);

describe("takePod", () => {
  it("makes one twin of a component out of its pods' looks, in the name of whose it is", () => {
    const { twin } = take([news(1, pod()), news(2, pod({ uid: "u2", name: "web-5d9c7b8f6d-2", containers: [] }, false))]);
    expect(twin).toMatchObject({
      twinId: "kind-1/app/Deployment/web",
      component: { kind: "Deployment", name: "web" },
      ...alices,
      seq: 2,
      updatedAt: at(2),
      status: { current: "Running", phase: "Running" },
      replicas: { desired: null, current: 2, ready: 1, available: null },
    });
  });

  it("tells k restarts between two looks as one change of count k, with how the last one ended", () => {
    const record = take([news(1, restarted(0)), news(2, restarted(3))]);
    expect(told(record)).toEqual([
      [1, "Ready", 0],
      [2, "Restart", 3],
    ]);
    expect(record.twin.status).toMatchObject({
      current: "Restart",
      history: [{ reason: "OOMKilled", exitCode: 137, container: "web" }, {}],
    });
  });

  it("counts the restarts that were before it looked, and calls the pod what it is now", () => {
    const record = take([news(1, restarted(4))]);
    expect(told(record)).toEqual([
      [1, "Restart", 4],
      [1, "Ready", 0],
    ]);
    expect(record.twin.status.current).toBe("Ready");
  });

  it("tells a restart into a crash loop as both, and Failure is what the pod is", () => {
    const record = take([news(1, restarted(0)), news(2, crashing(1))]);
    expect(told(record)).toEqual([
      [1, "Ready", 0],
      [2, "Restart", 1],
      [2, "Failure", 0],
    ]);
    expect(record.twin.status).toMatchObject({ current: "Failure", reason: "CrashLoopBackOff" });
  });

  it("leaves Restart with the next look", () => {
    expect(
      told(take([news(1, restarted(0)), news(2, restarted(1, {}, false)), news(3, restarted(1, {}, false)), news(4, restarted(1))])),
    ).toEqual([
      [1, "Ready", 0],
      [2, "Restart", 1],
      [3, "Running", 0],
      [4, "Ready", 0],
    ]);
  });

  it("says nothing twice when a relist tells again what is known", () => {
    const record = take([news(1, restarted(2)), news(2, restarted(2)), news(3, restarted(2))]);
    expect(told(record)).toHaveLength(2);
    expect(newsOfPod(record, news(3, restarted(2)))).toEqual({ changes: [], anomalies: [] });
  });

  it("tells of no restart where a node has forgotten its dead containers, and goes on counting from there", () => {
    const record = take([news(1, restarted(5)), news(2, restarted(1)), news(3, restarted(2))]);
    expect(told(record).filter(([, status]) => status === "Restart")).toEqual([
      [1, "Restart", 5],
      [3, "Restart", 1],
    ]);
  });

  it("counts restarts of init containers and sidecars too", () => {
    const with_ = (count: number) => pod({ containers: [container(), container({ name: "proxy", kind: "sidecar", restartCount: count })] });
    expect(take([news(1, with_(0)), news(2, with_(1))]).twin.status.history[0]).toMatchObject({ status: "Restart", container: "proxy" });
  });

  it("keeps pods of one name apart by their uid", () => {
    const record = take([news(1, restarted(1)), news(2, restarted(0, { uid: "u2" })), news(3, restarted(1, { uid: "u2" }))]);
    expect(record.twin.pods.map(({ uid, restarts }) => [uid, restarts])).toEqual([
      ["u1", 1],
      ["u2", 1],
    ]);
    expect(restartsIn(record)).toBe(2);
  });

  it("lets a deleted pod go, after its last restarts, and does not bring it back for a late word", () => {
    const deleted = news(3, restarted(2, { deletionAt: at(3) }), { kind: "deleted" });
    const record = take([news(1, restarted(0)), deleted]);
    expect(told(record)).toEqual([
      [1, "Ready", 0],
      [3, "Restart", 2],
      [3, "Deleted", 0],
    ]);
    expect(record.twin).toMatchObject({ pods: [], status: { current: null, phase: "Absent" }, replicas: { current: 0, ready: 0 } });
    expect(take([news(2, restarted(1))], record)).toBe(record);
    expect(take([deleted], record)).toBe(record);
  });

  it("gives the same record back for a change that it has taken in, and the same news", () => {
    const look = news(2, crashing(1));
    const record = take([news(1, restarted(0)), look, news(3, restarted(1))]);
    expect(take([look], record)).toBe(record);
    expect(newsOfPod(record, look).changes.map(({ status }) => status)).toEqual(["Restart", "Failure"]);
  });

  it("puts a state that comes late where it belongs", () => {
    const ready = (seq: number) => news(seq, restarted(0));
    const failed = news(2, pod({ containers: [container({ state: terminated("Error", 1) })] }, false));
    expect(told(take([ready(1), failed, ready(3)]))).toEqual(told(take([ready(1), ready(3), failed])));
    expect(take([ready(1), ready(3), failed]).twin.status.current).toBe("Ready");
  });

  it("keeps the last twenty changes, the newest first", () => {
    const record = take(Array.from({ length: 50 }, (_, i) => news(i + 1, restarted(i))));
    expect(record.twin.status.history).toHaveLength(20);
    expect(record.twin.status.history[0]).toMatchObject({ seq: 50, status: "Restart" });
  });

  it("takes what the owner says of its replicas, and the labels of the newest look", () => {
    const replicas = { desired: 3, current: 1, ready: 1, available: 1 };
    const owned = pod({ owners: [{ kind: "Deployment", name: "web", uid: "d", labels: {}, replicas }] });
    const first = takePod(undefined, news(1, owned), alices);
    expect(first.twin.replicas).toEqual({ desired: 3, current: 1, ready: 1, available: 1 });
    expect(takePod(first, news(2, owned), nobodys).twin).toMatchObject({ workloadId: null, mappedBy: null, userId: null });
  });

  it("misses no restart, in whatever order and however often looks arrive, as long as the last one does", () => {
    const history = fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 15 }).chain((growths) => {
      let count = 0;
      const looks = growths.map((growth, i) => news(i + 1, restarted((count += growth))));
      const delivered = fc.shuffledSubarray([...looks, ...looks], { minLength: 1 });
      return fc.record({ total: fc.constant(count), last: fc.constant(looks.at(-1)), delivered });
    });
    fc.assert(
      fc.property(history, ({ total, last, delivered }) => {
        const record = take(last === undefined ? delivered : [...delivered, last]);
        expect(restartsIn(record)).toBe(total);
        expect(record.twin.pods[0]?.restarts).toBe(total);
        const seqs = record.twin.status.history.map(({ seq }) => seq);
        expect(seqs).toEqual(seqs.toSorted((a, b) => b - a));
      }),
    );
  });
});
