import { describe, expect, it } from "vitest";
import { twinFixture } from "../../test/support/twin-fixtures.ts";
import { parseExposition } from "./exposition.ts";
import { PROXY_METRICS, type ProxyScrape, readProxy, type Series } from "./proxy.ts";

function read(text: string): ProxyScrape {
  const samples = parseExposition(text, { wanted: PROXY_METRICS });
  if (!samples.ok) throw new Error(samples.reason);
  const scrape = readProxy(samples.value);
  if (!scrape.ok) throw new Error(scrape.reason);
  return scrape.value;
}

const seriesOf = (scrape: ProxyScrape, what: Series["what"], direction: Series["direction"]): Series[] =>
  [...scrape.series.values()].filter((series) => series.what === what && series.direction === direction);
const sum = (series: readonly Series[]): number =>
  series.reduce((total, one) => total + ("value" in one ? one.value : one.counts.reduce((a, b) => a + b, 0)), 0);

describe("readProxy", () => {
  it("reads the real scrape of 2019: counts by code come from response_total, which the histogram runs ahead of", () => {
    const scrape = read(twinFixture("linkerd/linkerd_v2.txt"));
    expect(sum(seriesOf(scrape, "responses", "inbound"))).toBe(851 + 582);
    expect(sum(seriesOf(scrape, "requests", "inbound"))).toBe(852 + 582 + 18);
    expect(sum(seriesOf(scrape, "latency", "inbound"))).toBeGreaterThan(851 + 582);
    expect(sum(seriesOf(scrape, "readBytes", "inbound"))).toBe(148_505 + 43_563);
    expect(sum(seriesOf(scrape, "readBytes", "outbound"))).toBe(3_308_454 + 115_619);
    expect(scrape.openConnections).toEqual({ inbound: 13, outbound: 10 });
    expect(scrape.bounds).toHaveLength(25);
    expect(seriesOf(scrape, "responses", "outbound").map((one) => one.what === "responses" && one.destination)).toEqual(
      expect.arrayContaining(["linkerd/Deployment/linkerd-prometheus", undefined]),
    );
  });

  it("takes no request for the metrics themselves for traffic of the workload", () => {
    const scrape = read(twinFixture("linkerd/sampleMetrics.txt"));
    for (const what of ["requests", "responses", "latency", "readBytes"] as const)
      expect([what, seriesOf(scrape, what, "inbound")]).toEqual([what, []]);
    expect(seriesOf(scrape, "readBytes", "outbound")).toHaveLength(1);
    expect(scrape.startedAt).toBeGreaterThan(1.6e9);
  });

  it("calls a response without a status none, and tells gRPC's statuses apart from HTTP's", () => {
    const scrape = read(
      [
        'response_total{direction="inbound",classification="failure"} 1',
        'response_total{direction="inbound",status_code="200",grpc_status="14",classification="failure"} 2',
        'response_total{direction="inbound",status_code="__proto__",classification="success"} 3',
        "",
      ].join("\n"),
    );
    expect([...scrape.series.values()].map((one) => one.what === "responses" && [one.code, one.grpc, one.succeeded, one.value])).toEqual([
      ["none", undefined, false, 1],
      ["200", "14", false, 2],
      ["other", undefined, true, 3],
    ]);
  });

  it("names a series the same however its labels are ordered", () => {
    const a = read('request_total{direction="inbound",tls="true",client_id="x"} 1\n');
    const b = read('request_total{client_id="x",direction="inbound",tls="true"} 2\n');
    expect([...a.series.keys()]).toEqual([...b.series.keys()]);
  });

  it("refuses what no proxy says: thousands of series", () => {
    const text = Array.from({ length: 2_001 }, (_, i) => `request_total{direction="inbound",client_id="${String(i)}"} 1\n`).join("");
    const samples = parseExposition(text);
    expect(samples.ok && readProxy(samples.value)).toMatchObject({ ok: false, code: "PROXY_UNREADABLE" });
  });
});
