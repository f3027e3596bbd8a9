import { join } from "node:path";
import { expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { readFunctions } from "./files.ts";
import { knative } from "./knative.ts";

const root = join(import.meta.dirname, "../..");

/** Of the CRDs: the keys of each kind's spec. An API server prunes or refuses others. */
const SPEC: Readonly<Record<string, readonly string[]>> = {
  Service: ["template"],
  Trigger: ["broker", "filter", "subscriber", "delivery"],
  Broker: ["config", "delivery"],
  RabbitmqBrokerConfig: ["rabbitmqClusterReference", "queueType", "vhost"],
  PingSource: ["schedule", "timezone", "contentType", "data", "sink"],
  SinkBinding: ["subject", "sink"],
  RabbitmqSource: ["rabbitmqClusterReference", "rabbitmqResourcesConfig", "delivery", "sink"],
};
const DELIVERY = ["backoffDelay", "backoffPolicy", "deadLetterSink", "retry", "timeout"];

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: Readonly<Record<string, unknown>>;
}

async function manifests(): Promise<readonly Manifest[]> {
  const files = [...(await knative(root))].filter(([path]) => !path.endsWith("kustomization.yaml"));
  return files.flatMap(([, text]) => parseAllDocuments(text).map((document) => document.toJS() as Manifest));
}
const ofKind = async (kind: string) => (await manifests()).filter((manifest) => manifest.kind === kind);
const deployed = async () => (await readFunctions(root)).filter(({ isDebugAid }) => isDebugAid !== true);

it("uses only kinds and keys that Knative knows, and names that Kubernetes takes, each once", async () => {
  const all = await manifests();
  for (const { kind, metadata, spec } of all) {
    expect([kind, Object.keys(spec).filter((key) => SPEC[kind]?.includes(key) !== true)]).toEqual([kind, []]);
    expect(metadata.name).toMatch(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/);
  }
  const names = all.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  expect(new Set(names).size).toBe(names.length);
});

it("gives every trigger and the broker a whole delivery block, since half a one loses events", async () => {
  const triggers = await ofKind("Trigger");
  expect(triggers.length).toBeGreaterThan(0);
  for (const { spec } of [...triggers, ...(await ofKind("Broker"))])
    expect(Object.keys(spec["delivery"] as object).toSorted()).toEqual(DELIVERY);
  for (const { metadata, spec } of triggers) {
    expect(Number(metadata.annotations?.["rabbitmq.eventing.knative.dev/parallelism"])).toBeGreaterThan(0);
    if (metadata.name === "log") expect(spec["filter"]).toBeUndefined();
    else expect(Object.keys(spec["filter"] as object)).toEqual(["attributes"]);
  }
});

it("has a service and a sink for every function, a trigger for each type that it takes, a clock for what has one", async () => {
  const functions = await deployed();
  const names = functions.map(({ name }) => name);
  expect((await ofKind("Service")).map(({ metadata }) => metadata.name)).toEqual(names);
  expect((await ofKind("SinkBinding")).map(({ metadata }) => metadata.name)).toEqual(names.map((name) => `${name}-sink`));
  expect((await ofKind("Trigger")).length).toBe(functions.flatMap(({ on }) => on).length + 1);
  const clocks = (await ofKind("PingSource")).map(({ metadata, spec }) => [metadata.name, String(spec["schedule"]).split(" ").length]);
  expect(clocks).toEqual(functions.filter(({ every }) => every !== undefined).map(({ name }) => [`${name}-clock`, 5]));
});
