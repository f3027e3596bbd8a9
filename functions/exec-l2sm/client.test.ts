import { afterEach, expect, it } from "vitest";
import type { ReachableController } from "../../domain/controllers.ts";
import { type Lab, startLab } from "../../lab/lab.ts";
import { l2smClient } from "./client.ts";
import { type L2smConnections, openL2smConnections } from "./connections.ts";
import { networkRequest } from "./request.ts";

const clusters = ["a", "b"].map((name) => ({ name, origin: `https://${name}.example:6443` }));
const done = { ok: true, value: undefined };
let lab: Lab;
let connections: L2smConnections;

afterEach(async () => {
  await connections.close();
  await lab.close();
});

it("learns the server's package from the calls that every server has, and from no other", async () => {
  lab = await startLab({ clusters, l2sm: { packages: ["l2smmd"] } });
  const controllers = lab.controllers.map(({ executioner, origin, connect }) => ({
    executioner,
    origin,
    address: new URL(connect ?? origin),
  }));
  connections = openL2smConnections({ controllers });
  const controller = connections.controllers.find(({ executioner }) => executioner === "l2sm") as ReachableController;
  const channel = connections.channel(controller);
  const client = l2smClient(channel, controller.address.host, AbortSignal.timeout(5_000));
  const wanted = { network: "n", namespace: "default", provider: { name: "uc3m", domain: "d" }, type: "vnet" as const, clusters: [] };
  const credentials = clusters.map(({ name, origin }) => ({ name, apiUrl: origin, token: "<token>" }));
  const { network } = networkRequest(wanted, credentials);
  expect(
    await client.createSlice({ slice: { provider: network.provider, clusters: network.clusters, links: [] }, namespace: "default" }),
  ).toEqual(done);
  expect(channel.speaks).toBeUndefined();
  expect(await client.createNetwork(networkRequest(wanted, credentials))).toEqual(done);
  expect(channel.speaks).toBe("l2smmd");
  expect(connections.channel(controller)).toBe(channel);
  expect(lab.ledger.objects().map(({ object }) => object)).toEqual(
    expect.arrayContaining(["overlays/default/overlay-sample", "l2networks/default/n"]),
  );
  expect(lab.ledger.counters().crashes).toEqual({});
});
