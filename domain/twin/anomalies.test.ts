import { describe, expect, it } from "vitest";
import { alices, at, container, news, oomKilled, pod, waiting } from "../../test/support/pods.ts";
import { hear, type Heard, proxySaid, proxySilent, usageSaid } from "../../test/support/rounds.ts";
import { newsOfPod, takePod } from "./fuse-pod.ts";
import { newsOfRound } from "./fuse-round.ts";
import type { Anomaly } from "./model.ts";
import type { Pod } from "./pod.ts";
import type { TwinRecord } from "./record.ts";

const start = (of: Pod = pod(), seconds = 0): TwinRecord => takePod(undefined, news(seconds, of), alices);
const after = (record: TwinRecord, heard: readonly Heard[]): TwinRecord => heard.reduce(hear, record);
const open = ({ twin }: TwinRecord): (string | null)[][] => twin.anomalies.map(({ rule, what }) => [rule, what]);
const last = ({ twin }: TwinRecord): Anomaly => {
  const anomaly = twin.anomalies.at(-1);
  if (anomaly === undefined) throw new Error("nothing is wrong");
  return anomaly;
};

describe("server-errors", () => {
  const errors = (seconds: number, ok: number, bad: number): Heard => ({
    seconds,
    proxies: proxySaid({ codes: { 200: ok, ...(bad === 0 ? {} : { 500: bad }) } }),
  });

  it("opens with the first 5xx after a quiet time, with the figures, and closes after ten minutes without one, each once", () => {
    let record = after(start(), [errors(30, 10, 0), errors(60, 20, 0)]);
    expect(open(record)).toEqual([]);
    record = hear(record, errors(90, 29, 1));
    expect(last(record)).toMatchObject({
      rule: "server-errors",
      state: "open",
      severity: "critical",
      since: at(90),
      evidence: { errors: 1, responses: 20, responses_500: 1 },
    });
    expect(newsOfRound(record, 3)).toHaveLength(1);
    const { anomalyId } = last(record);
    for (let seconds = 120; seconds <= 660; seconds += 30) {
      record = hear(record, errors(seconds, 29 + seconds, 1));
      expect([seconds, record.twin.anomalies.map((a) => a.anomalyId), newsOfRound(record, seconds / 30)]).toEqual([
        seconds,
        [anomalyId],
        [],
      ]);
    }
    for (let seconds = 690; seconds <= 780 && open(record).length > 0; seconds += 30)
      record = hear(record, errors(seconds, 29 + seconds, 1));
    expect(open(record)).toEqual([]);
    expect(record.memory.anomalies).toMatchObject([{ anomaly: { anomalyId, state: "closed", closedAt: expect.any(String) } }]);
    expect(newsOfRound(record, record.memory.round)).toMatchObject([{ anomalyId, state: "closed" }]);
  });

  it("takes one error in six minutes, for ever, for one anomaly", () => {
    let record = start();
    let told = 0;
    for (let seconds = 30; seconds <= 7_200; seconds += 30) {
      record = hear(record, errors(seconds, seconds, Math.floor(seconds / 360)));
      told += newsOfRound(record, seconds / 30).length;
    }
    expect(told).toBe(1);
  });

  it("names the component behind it that answers badly, before what else may be the cause", () => {
    const scrape = (bad: number) => (nowMs: number) => {
      const said = proxySaid({ codes: { 200: 10, 503: bad } })(nowMs);
      for (const answer of said.answers.values())
        (answer.scrape.series as Map<string, unknown>).set("db", {
          direction: "outbound",
          what: "responses",
          value: bad,
          code: "500",
          grpc: undefined,
          succeeded: false,
          destination: "app/StatefulSet/db",
        });
      return said;
    };
    const record = after(start(), [
      { seconds: 30, proxies: scrape(0) },
      { seconds: 60, proxies: scrape(4) },
    ]);
    expect(last(record).causes[0]?.what).toBe("StatefulSet app/db answers 100 % of the requests with an error");
  });
});

describe("latency-shift", () => {
  it("opens when the 95th percentile doubles, closes when it is back, and needs enough responses to say so", () => {
    const latency = (seconds: number, fast: number, slow: number): Heard => ({
      seconds,
      proxies: proxySaid({ latency: [0, fast, 0, slow] }),
    });
    let record = start();
    for (let seconds = 30; seconds <= 600; seconds += 30) record = hear(record, latency(seconds, seconds, 0));
    expect(open(record)).toEqual([]);
    expect(open(hear(record, latency(630, 630, 3)))).toEqual([]);
    const quiet = after(start(), [latency(30, 0, 0), latency(60, 49, 0), latency(300, 49, 0), latency(330, 49, 40)]);
    expect(open(quiet)).toEqual([]);
    for (let seconds = 630; seconds <= 750; seconds += 30) record = hear(record, latency(seconds, 600, seconds - 600));
    expect(last(record)).toMatchObject({
      rule: "latency-shift",
      evidence: { usualP95Ms: 10, p95Ms: expect.closeTo(955) },
    });
    for (let seconds = 780; seconds <= 1_200; seconds += 30) record = hear(record, latency(seconds, 600 + seconds - 750, 150));
    expect(open(record)).toEqual([]);
  });
});

describe("restart-loop", () => {
  const restarted = (count: number, given: Partial<Pod["containers"][number]> = {}): Pod =>
    pod({ containers: [container({ restartCount: count, lastTermination: { ...oomKilled, finishedAt: at(count * 60) }, ...given })] });

  it("opens with the third restart in ten minutes, and names what it died of and the limit that it met", () => {
    let record = takePod(start(restarted(0)), news(60, restarted(1)), alices);
    record = takePod(record, news(120, restarted(2)), alices);
    expect(open(record)).toEqual([]);
    const third = news(180, restarted(3));
    record = takePod(record, third, alices);
    expect(last(record)).toMatchObject({
      rule: "restart-loop",
      what: "web-5d9c7b8f6d-1",
      severity: "critical",
      evidence: { restarts: 3, restartsInTenMinutes: 3, lastReason: "OOMKilled", lastExitCode: 137 },
      causes: [
        { what: "web-5d9c7b8f6d-1: web restarted (OOMKilled, exit code 137)", at: at(180), seq: 180 },
        { what: "web may use 100000000 bytes of memory at most", at: null, seq: null },
      ],
    });
    expect(newsOfPod(record, third).anomalies).toHaveLength(1);
    expect(open(hear(record, { seconds: 600 }))).toHaveLength(1);
    expect(open(hear(record, { seconds: 810 }))).toEqual([]);
  });

  it("takes Kubernetes' word for it from the second time on", () => {
    const backingOff = (count: number) => restarted(count, { ready: false, state: waiting("CrashLoopBackOff") });
    expect(open(start(backingOff(0)))).toEqual([]);
    expect(open(takePod(start(backingOff(0)), news(60, backingOff(1)), alices))).toEqual([["restart-loop", "web-5d9c7b8f6d-1"]]);
  });

  it("opens for no restarts of long ago that it only now hears of", () => {
    expect(open(start(restarted(3), 86_400))).toEqual([]);
  });
});

describe("memory-near-limit", () => {
  it("opens at nine tenths of a container's own limit, and closes below eight", () => {
    const used = (seconds: number, memoryBytes: number): Heard => ({ seconds, reading: usageSaid([{ memoryBytes }]) });
    let record = hear(start(), used(30, 89e6));
    expect(open(record)).toEqual([]);
    record = hear(record, used(60, 90e6));
    expect(last(record)).toMatchObject({
      rule: "memory-near-limit",
      what: "web-5d9c7b8f6d-1/web",
      evidence: { memoryBytes: 90e6, memoryLimitBytes: 100e6, ratio: 0.9 },
    });
    record = hear(record, used(90, 85e6));
    expect(last(record)).toMatchObject({ since: at(60), evidence: { memoryBytes: 85e6 } });
    expect(open(hear(record, used(120, 79e6)))).toEqual([]);
  });

  it("knows of no limit that there is not", () => {
    const unlimited = pod({ containers: [container({ memoryLimitBytes: null })] });
    expect(open(hear(start(unlimited), { seconds: 30, reading: usageSaid([{ memoryBytes: 1e12 }]) }))).toEqual([]);
  });
});

describe("replicas-below-desired", () => {
  const owned = (desired: number, given: Partial<Pod> = {}, ready = true): Pod =>
    pod(
      {
        owners: [{ kind: "Deployment", name: "web", uid: "d", labels: {}, replicas: { desired, current: 1, ready: 1, available: 1 } }],
        ...given,
      },
      ready,
    );

  it("opens when replicas have been missing for a minute, and names the pods that do not serve", () => {
    const failing = owned(1, { containers: [container({ ready: false, state: waiting("ImagePullBackOff") })] }, false);
    const record = start(failing);
    expect(open(hear(record, { seconds: 30 }))).toEqual([]);
    const late = hear(record, { seconds: 60 });
    expect(last(late)).toMatchObject({
      rule: "replicas-below-desired",
      severity: "critical",
      evidence: { desired: 1, ready: 0, belowSeconds: 60 },
    });
    expect(last(late).causes[0]?.what).toBe("web-5d9c7b8f6d-1 is Failure: ImagePullBackOff");
    expect(open(takePod(late, news(90, owned(1)), alices))).toEqual([]);
  });

  it("does not guess how many are wanted", () => {
    expect(open(hear(start(pod({}, false)), { seconds: 600 }))).toEqual([]);
  });
});

describe("source-stale", () => {
  it("opens when a source that answered has been silent for three rounds, says why, and closes with its next answer", () => {
    let record = hear(start(), { seconds: 30, proxies: proxySaid({}) });
    const silence = (seconds: number): Heard => ({ seconds, proxies: proxySilent("web: 10.42.0.7 did not answer in 5 s") });
    record = after(record, [silence(60), silence(90)]);
    expect(open(record)).toEqual([]);
    record = hear(record, silence(120));
    expect(last(record)).toMatchObject({
      rule: "source-stale",
      what: "linkerd",
      evidence: { ageSeconds: 90 },
      causes: [{ what: "web: 10.42.0.7 did not answer in 5 s" }],
    });
    expect(open(hear(record, { seconds: 150, proxies: proxySaid({}) }))).toEqual([]);
  });

  it("gives a source that has never answered some time, and then says that it never has", () => {
    const silence = (seconds: number): Heard => ({ seconds, proxies: proxySilent("web: no answer from 10.42.0.7") });
    expect(open(hear(start(), silence(60)))).toEqual([]);
    expect(last(hear(start(), silence(90)))).toMatchObject({ what: "linkerd", summary: "linkerd has never answered" });
  });
});
