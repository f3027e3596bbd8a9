import { gunzipSync } from "node:zlib";
import { type FastifyInstance, fastify } from "fastify";
import { beforeEach, describe, expect, it } from "vitest";
import { memoryCostMaps } from "../../../state/cost-map.ts";
import { memoryTopology } from "../../../state/topology.ts";
import * as rfc from "../../../test/support/alto-schemas.ts";
import { costNode, publishInto } from "../../../test/support/published.ts";
import { at, delay, failures, loss, noEnergy, rate } from "../../../test/support/topology.ts";
import type { Measurement } from "../../../domain/probe/model.ts";
import { openMaps } from "./maps.ts";
import { altoRoutes } from "./routes.ts";

const link = (source: string, destination: string, ...measurements: readonly Measurement[]) => ({
  source,
  destination,
  costs: measurements.map((measurement) => ({ at: at(0), measurement })),
});
const numerical = (metric: string) => ({ "cost-mode": "numerical", "cost-metric": metric });

let app: FastifyInstance;
beforeEach(async () => {
  const stores = { topology: memoryTopology(), costMaps: memoryCostMaps() };
  await publishInto(stores, "kind-kind", {
    nodes: [
      costNode("worker", "172.18.0.2"),
      costNode("worker2.example", "172.18.0.4", "2001:DB8:0::4"),
      costNode("worker3"),
      costNode("kind-2/worker", "10.0.0.1", "172.18.0.2"),
    ],
    links: [
      link("worker", "worker2.example", delay(0.28), delay(0.2, "min"), delay(1.5, "p99"), rate(941.2), loss(2.5), failures(0), noEnergy),
      link("worker2.example", "worker", delay(30), rate(100)),
      link("worker", "kind-2/worker", delay(7)),
    ],
  });
  await publishInto(stores, "kind-2", { nodes: [costNode("worker", "172.18.0.2")], links: [] });
  app = fastify();
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  const log = { warn: () => undefined };
  altoRoutes(app, openMaps({ ...stores, tail: { listen: () => () => undefined }, log }));
});

const get = (url: string, headers: Readonly<Record<string, string>> = {}) => app.inject({ method: "GET", url, headers });
const post = (url: string, type: string, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  app.inject({
    method: "POST",
    url,
    payload: typeof body === "string" ? body : JSON.stringify(body),
    headers: { "content-type": `application/alto-${type}+json`, ...headers },
  });
const filtered = (body: unknown) => post("/alto/costmap/kind-kind/filtered", "costmapfilter", body);

describe("the information resource directory", () => {
  it("is as RFC 7285 has it, and everything in it is served with the media type that it says", async () => {
    const answer = await get("/alto/directory", { accept: "application/alto-directory+json,application/alto-error+json" });
    expect(answer.headers["content-type"]).toBe("application/alto-directory+json");
    const { meta, resources } = rfc.Directory.parse(answer.json());
    expect(meta["default-alto-network-map"]).toBe("network-map-kind-2");
    expect(Object.keys(resources)).toHaveLength(2 * 16);
    let served = 0;
    for (const { uri, "media-type": type, accepts, uses = [], capabilities } of Object.values(resources)) {
      for (const id of uses) expect(resources).toHaveProperty([id]);
      for (const name of (capabilities?.["cost-type-names"] ?? []) as string[]) expect(meta["cost-types"]).toHaveProperty([name]);
      if (accepts === undefined) {
        const { statusCode, headers } = await get(uri, { accept: type });
        expect([uri, statusCode, headers["content-type"]]).toEqual([uri, 200, type]);
      } else {
        const { statusCode, headers } = await app.inject({ method: "POST", url: uri, payload: "{", headers: { "content-type": accepts } });
        expect([uri, statusCode, headers["content-type"]]).toEqual([uri, 400, "application/alto-error+json"]);
      }
      served += 1;
    }
    expect(served).toBe(32);
  });

  it("has a cost map of routingcost, and the PID of every endpoint, for every network map: what RFC 7285 wants of every server", async () => {
    const { resources } = rfc.Directory.parse((await get("/alto/directory")).json());
    for (const cluster of ["kind-kind", "kind-2"]) {
      const using = Object.values(resources).filter(({ uses }) => uses?.includes(`network-map-${cluster}`));
      expect(
        using.some(({ accepts, capabilities }) => accepts === undefined && JSON.stringify(capabilities).includes('"routingcost"')),
      ).toBe(true);
      const properties = Object.values(resources).flatMap(({ capabilities }) => (capabilities?.["prop-types"] ?? []) as string[]);
      expect(properties).toContain(`network-map-${cluster}.pid`);
    }
  });
});

describe("a network map", () => {
  it("has one PID a node with its addresses, and one for everything else", async () => {
    const answer = await get("/alto/networkmap/kind-kind");
    const { "network-map": map } = rfc.NetworkMap.parse(answer.json());
    expect(map).toEqual({
      ":outside": { ipv4: ["0.0.0.0/0"], ipv6: ["::/0"] },
      worker: { ipv4: ["172.18.0.2/32"] },
      "worker2:example": { ipv4: ["172.18.0.4/32"], ipv6: ["2001:DB8:0::4/128"] },
      worker3: {},
      "kind-2@worker": { ipv4: ["10.0.0.1/32"] },
    });
  });

  it("is not sent again to who has it", async () => {
    const { headers } = await get("/alto/networkmap/kind-kind");
    const again = await get("/alto/networkmap/kind-kind", { "if-none-match": `"other", ${String(headers["etag"])}` });
    expect([again.statusCode, again.body]).toEqual([304, ""]);
  });

  it("comes compressed to who asks for that, under a tag of its own", async () => {
    const plain = await get("/alto/networkmap/kind-kind");
    const zipped = await get("/alto/networkmap/kind-kind", { "accept-encoding": "br, gzip" });
    expect([zipped.headers["content-encoding"], zipped.headers["content-type"]]).toEqual(["gzip", "application/alto-networkmap+json"]);
    expect(gunzipSync(zipped.rawPayload).toString()).toBe(plain.body);
    expect(zipped.headers["etag"]).not.toBe(plain.headers["etag"]);
    for (const encodings of ["gzip;q=0", "br, gzip; q=0.0, identity"])
      expect((await get("/alto/networkmap/kind-kind", { "accept-encoding": encodings })).headers).not.toHaveProperty("content-encoding");
  });

  it("is cut down to the PIDs and address types that are asked for, under the tag of the whole", async () => {
    const whole = rfc.NetworkMap.parse((await get("/alto/networkmap/kind-kind")).json());
    const answer = await post("/alto/networkmap/kind-kind/filtered", "networkmapfilter", {
      pids: ["worker2:example", "nobody", "worker2:example"],
      "address-types": ["ipv4", "carrier-pigeon"],
    });
    expect(answer.headers["content-type"]).toBe("application/alto-networkmap+json");
    const part = rfc.NetworkMap.parse(answer.json());
    expect(part).toEqual({ meta: whole.meta, "network-map": { "worker2:example": { ipv4: ["172.18.0.4/32"] } } });
    const all = await post("/alto/networkmap/kind-kind/filtered", "networkmapfilter", { pids: [] });
    expect(all.json()).toEqual(whole);
  });
});

describe("a cost map", () => {
  it.each([
    ["routingcost", 280],
    ["delay-rt", 280],
    ["delay-rt:min", 200],
    ["delay-rt:p99", 1500],
    ["lossrate:mean", 2.5],
    ["tput:mean", 117_650_000],
    ["priv:nemo-link-failures", 0],
  ])("has %s in ALTO's unit", async (metric, cost) => {
    const answer = await get(`/alto/costmap/kind-kind/${metric}`);
    expect(answer.headers["content-type"]).toBe("application/alto-costmap+json");
    const { meta, "cost-map": map } = rfc.CostMap.parse(answer.json());
    expect(meta["cost-type"]).toEqual({ ...numerical(metric), "cost-context": { "cost-source": "estimation" } });
    expect(map["worker"]?.["worker2:example"]).toBe(cost);
    expect(meta["dependent-vtags"]).toEqual([rfc.NetworkMap.parse((await get("/alto/networkmap/kind-kind")).json()).meta.vtag]);
  });

  it("has no entry where nothing was measured: not 0, and not null", async () => {
    const { "cost-map": energy } = rfc.CostMap.parse((await get("/alto/costmap/kind-kind/priv:nemo-link-energy")).json());
    expect(energy).toEqual({});
    const { "cost-map": losses } = rfc.CostMap.parse((await get("/alto/costmap/kind-kind/lossrate:mean")).json());
    expect(losses).toEqual({ worker: { "worker2:example": 2.5 } });
  });

  it("is of its cluster: the same name and address elsewhere is another PID", async () => {
    const { "cost-map": map } = rfc.CostMap.parse((await get("/alto/costmap/kind-kind/delay-rt")).json());
    expect(map["worker"]).toEqual({ "worker2:example": 280, "kind-2@worker": 7000 });
    expect(rfc.CostMap.parse((await get("/alto/costmap/kind-2/delay-rt")).json())["cost-map"]).toEqual({});
  });

  it("is filtered by sources, destinations and constraints", async () => {
    const pids = { srcs: ["worker", "nobody"], dsts: [] };
    const some = await filtered({ "cost-type": numerical("delay-rt"), pids });
    expect(rfc.CostMap.parse(some.json())["cost-map"]).toEqual({ worker: { "worker2:example": 280, "kind-2@worker": 7000 } });
    const near = await filtered({ "cost-type": { ...numerical("delay-rt"), description: "x" }, constraints: ["le 10000", "gt 280"] });
    expect(rfc.CostMap.parse(near.json())["cost-map"]).toEqual({ worker: { "kind-2@worker": 7000 } });
  });

  it("has several costs a pair as RFC 8189 has them, null where one is not known", async () => {
    const answer = await filtered({ "multi-cost-types": [numerical("delay-rt"), numerical("lossrate:mean"), numerical("tput:mean")] });
    const { meta, "cost-map": map } = rfc.MultiCostMap.parse(answer.json());
    expect(meta["multi-cost-types"].map((type) => type["cost-metric"])).toEqual(["delay-rt", "lossrate:mean", "tput:mean"]);
    expect(map).toEqual({
      worker: { "worker2:example": [280, 2.5, 117_650_000], "kind-2@worker": [7000, null, null] },
      "worker2:example": { worker: [30_000, null, 12_500_000] },
    });
  });

  it("has no entry of a pair of which none of several costs is known", async () => {
    const answer = await filtered({ "multi-cost-types": [numerical("lossrate:mean"), numerical("priv:nemo-link-energy")] });
    expect(rfc.MultiCostMap.parse(answer.json())["cost-map"]).toEqual({ worker: { "worker2:example": [2.5, null] } });
  });

  it("is tested by any of several costs, of which not all need be asked for", async () => {
    const answer = await filtered({
      "cost-type": numerical("tput:mean"),
      "testable-cost-types": [numerical("delay-rt"), numerical("lossrate:mean")],
      "or-constraints": [["[0] le 1000", "[1] ge 2"], ["[0] ge 30000"]],
    });
    expect(rfc.CostMap.parse(answer.json())["cost-map"]).toEqual({
      worker: { "worker2:example": 117_650_000 },
      "worker2:example": { worker: 12_500_000 },
    });
  });
});

describe("endpoint services", () => {
  const costs = (endpoints: unknown, more: object = { "cost-type": numerical("delay-rt") }) =>
    post("/alto/endpointcost/kind-kind", "endpointcostparams", { ...more, endpoints });

  it("answer costs between addresses, however an IPv6 address is written", async () => {
    const answer = await costs({
      srcs: ["ipv4:172.18.0.2", "ipv4:172.18.0.2"],
      dsts: ["ipv6:2001:db8::0:4", "ipv4:172.18.0.4", "ipv4:192.0.2.9"],
    });
    expect(answer.headers["content-type"]).toBe("application/alto-endpointcost+json");
    expect(rfc.EndpointCost.parse(answer.json())["endpoint-cost-map"]).toEqual({
      "ipv4:172.18.0.2": { "ipv6:2001:db8::0:4": 280, "ipv4:172.18.0.4": 280 },
    });
  });

  it("take the client's own address where one list is empty", async () => {
    const answer = await app.inject({
      method: "POST",
      url: "/alto/endpointcost/kind-kind",
      remoteAddress: "::ffff:172.18.0.2",
      payload: JSON.stringify({ "cost-type": numerical("delay-rt"), endpoints: { dsts: ["ipv4:172.18.0.4"] } }),
      headers: { "content-type": "application/alto-endpointcostparams+json" },
    });
    expect(rfc.EndpointCost.parse(answer.json())["endpoint-cost-map"]).toEqual({ "ipv4:172.18.0.2": { "ipv4:172.18.0.4": 280 } });
    expect((await costs({})).json()).toEqual({ meta: { code: "E_MISSING_FIELD", field: "endpoints/srcs" } });
  });

  it("tell the PID of an address, known or not", async () => {
    const property = "network-map-kind-kind.pid";
    const answer = await post("/alto/endpointprop/kind-kind", "endpointpropparams", {
      properties: [property],
      endpoints: ["ipv4:172.18.0.2", "ipv4:192.0.2.9"],
    });
    expect(answer.headers["content-type"]).toBe("application/alto-endpointprop+json");
    expect(rfc.EndpointProp.parse(answer.json())["endpoint-properties"]).toEqual({
      "ipv4:172.18.0.2": { [property]: "worker" },
      "ipv4:192.0.2.9": { [property]: ":outside" },
    });
  });
});

describe("a request that is wrong", () => {
  it.each([
    ["{", { code: "E_SYNTAX", "syntax-error": expect.any(String) }],
    ["", { code: "E_SYNTAX", "syntax-error": expect.any(String) }],
    [{}, { code: "E_MISSING_FIELD", field: "cost-type" }],
    [{ "cost-type": { "cost-mode": "numerical" } }, { code: "E_MISSING_FIELD", field: "cost-type/cost-metric" }],
    [{ "cost-type": 5 }, { code: "E_INVALID_FIELD_TYPE", field: "cost-type" }],
    [{ "cost-type": { "cost-mode": 5, "cost-metric": "delay-rt" } }, { code: "E_INVALID_FIELD_TYPE", field: "cost-type/cost-mode" }],
    [
      { "cost-type": { "cost-mode": "ordinal", "cost-metric": "delay-rt" } },
      { code: "E_INVALID_FIELD_VALUE", field: "cost-type/cost-mode", value: "ordinal" },
    ],
    [{ "cost-type": numerical("hopcount") }, { code: "E_INVALID_FIELD_VALUE", field: "cost-type/cost-metric", value: "hopcount" }],
    [
      { "cost-type": numerical("delay-rt"), pids: { srcs: [] } },
      { code: "E_MISSING_FIELD", field: "pids/dsts" },
    ],
    [
      { "cost-type": numerical("delay-rt"), pids: { srcs: [5], dsts: [] } },
      { code: "E_INVALID_FIELD_VALUE", field: "pids/srcs", value: "5" },
    ],
    [
      { "cost-type": numerical("delay-rt"), constraints: ["about 5"] },
      { code: "E_INVALID_FIELD_VALUE", field: "constraints", value: "about 5" },
    ],
    [
      { "cost-type": numerical("delay-rt"), constraints: ["[1] ge 5"] },
      { code: "E_INVALID_FIELD_VALUE", field: "constraints", value: "[1] ge 5" },
    ],
    [
      { "cost-type": numerical("delay-rt"), constraints: [], "or-constraints": [] },
      { code: "E_INVALID_FIELD_VALUE", field: "or-constraints", value: "[]" },
    ],
    [
      { "cost-type": numerical("delay-rt"), "multi-cost-types": [numerical("delay-rt")] },
      expect.objectContaining({ code: "E_INVALID_FIELD_VALUE", field: "multi-cost-types" }),
    ],
  ])("is answered as RFC 7285 §8.5 says: %j", async (body, meta) => {
    const answer = await filtered(body);
    expect([answer.statusCode, answer.headers["content-type"]]).toEqual([400, "application/alto-error+json"]);
    expect(rfc.AltoError.parse(answer.json())).toEqual({ meta });
  });

  it("for an endpoint that is no address, or a property that is not offered, names it", async () => {
    const cost = await post("/alto/endpointcost/kind-kind", "endpointcostparams", {
      "cost-type": numerical("delay-rt"),
      endpoints: { srcs: ["ipv4:172.18.0.999"], dsts: [] },
    });
    expect(rfc.AltoError.parse(cost.json()).meta).toEqual({
      code: "E_INVALID_FIELD_VALUE",
      field: "endpoints/srcs",
      value: "ipv4:172.18.0.999",
    });
    const property = await post("/alto/endpointprop/kind-kind", "endpointpropparams", {
      properties: ["x.pid"],
      endpoints: ["ipv4:10.0.0.1"],
    });
    expect(rfc.AltoError.parse(property.json()).meta).toMatchObject({ field: "properties", value: "x.pid" });
  });

  it("for another media type, an unknown cluster or metric, has the HTTP status of that", async () => {
    const statuses = [
      await get("/alto/networkmap/kind-kind", { accept: "text/html" }),
      await get("/alto/networkmap/kind-kind", { accept: "application/alto-networkmap+json;q=0, */*;q=0" }),
      await get("/alto/networkmap/kind-kind", { accept: "text/html, application/*;q=0.5" }),
      await post("/alto/costmap/kind-kind/filtered", "networkmapfilter", {}),
      await get("/alto/networkmap/nowhere"),
      await get("/alto/costmap/kind-kind/hopcount"),
    ].map(({ statusCode }) => statusCode);
    expect(statuses).toEqual([406, 406, 200, 415, 404, 404]);
  });
});
