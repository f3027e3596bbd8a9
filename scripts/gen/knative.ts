import { stringify } from "yaml";
import type { HostedFunction } from "../../runtime/function.ts";
import { BANNER, type Generator, readFunctions } from "./files.ts";
import { needsOf } from "./needs.ts";
import { KNATIVE_QUEUE } from "./rabbitmq.ts";

const NAMESPACE = "nemo-net";
const BROKER = "nemo";
const IMAGE = "underlay";
const PORT = 8080;
/** Knative's own timeouts are whole seconds; a handler without one of its own has this. */
const TIMEOUT_S = 60;
const CONCURRENCY = 10;

const metadata = (name: string, more: object = {}) => ({
  name,
  namespace: NAMESPACE,
  labels: { "app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "underlay" },
  ...more,
});

const reference = (kind: "Service" | "Broker", name: string) => ({
  apiVersion: kind === "Service" ? "serving.knative.dev/v1" : "eventing.knative.dev/v1",
  kind,
  name,
});

const timeoutS = ({ timeoutMs }: HostedFunction<unknown>): number => Math.ceil((timeoutMs ?? 1e3 * TIMEOUT_S) / 1e3);

/**
 * Whole in every trigger: the RabbitMQ broker drops what fails where a delivery block names no sink, whatever the Broker says, and does not
 * try again where there is none at all.
 */
const delivery = (seconds: number) => ({
  retry: 5,
  backoffPolicy: "exponential",
  backoffDelay: "PT1S",
  timeout: `PT${String(seconds)}S`,
  deadLetterSink: { ref: { apiVersion: "v1", kind: "Service", name: "dead-letters" } },
});

const restricted = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
};

function service(fn: HostedFunction<unknown>): object {
  const needs = needsOf(fn);
  const mounts = [
    ...(needs.has("controllers") ? [{ secret: "controllers", name: "CONTROLLERS_FILE", path: "/etc/underlay/controllers" }] : []),
    ...(needs.has("sealKey") ? [{ secret: "seal-key", name: "SEAL_KEY_FILE", path: "/etc/underlay/seal-key" }] : []),
  ];
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: metadata(fn.name),
    spec: {
      template: {
        metadata: {
          annotations: { "autoscaling.knative.dev/min-scale": "0", "autoscaling.knative.dev/max-scale": fn.concurrency === 1 ? "1" : "10" },
        },
        spec: {
          containerConcurrency: fn.concurrency ?? CONCURRENCY,
          timeoutSeconds: timeoutS(fn),
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          containers: [
            {
              image: IMAGE,
              ports: [{ name: "http1", containerPort: PORT }],
              env: [
                { name: "FUNCTION", value: fn.name },
                { name: "HOST", value: "0.0.0.0" },
                { name: "REDIS_URL", valueFrom: { secretKeyRef: { name: "underlay", key: "redis-url" } } },
                ...mounts.map(({ name, path, secret }) => ({ name, value: `${path}/${secret}` })),
              ],
              readinessProbe: { httpGet: { path: "/_/ready", port: PORT } },
              livenessProbe: { httpGet: { path: "/_/health", port: PORT } },
              resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { cpu: "1", memory: "256Mi" } },
              securityContext: restricted,
              volumeMounts: mounts.map(({ secret, path }) => ({ name: secret, mountPath: path, readOnly: true })),
            },
          ],
          volumes: mounts.map(({ secret }) => ({ name: secret, secret: { secretName: secret } })),
        },
      },
    },
  };
}

/** One event is one trigger: only exact matches of attributes work with this broker. */
const triggers = (fn: HostedFunction<unknown>): readonly object[] =>
  fn.on.map((consumed) => {
    const parts = consumed.type.split(".");
    return {
      apiVersion: "eventing.knative.dev/v1",
      kind: "Trigger",
      metadata: metadata(`${fn.name}-${parts.slice(3).join("-")}`, {
        annotations: { "rabbitmq.eventing.knative.dev/parallelism": String(fn.concurrency ?? CONCURRENCY) },
      }),
      spec: {
        broker: BROKER,
        filter: { attributes: { type: consumed.type, ...fn.where, ...consumed.where } },
        subscriber: { ref: reference("Service", fn.name) },
        delivery: delivery(timeoutS(fn)),
      },
    };
  });

/** Kubernetes' cron has no seconds: what is due more often than once a minute is so once a minute here. */
const scheduleOf = (every: string): string => every.replace(/^\*\/\d+ (\* \* \* \* \*)$/, "$1");

const ping = ({ name }: HostedFunction<unknown>, every: string): object => ({
  apiVersion: "sources.knative.dev/v1",
  kind: "PingSource",
  metadata: metadata(`${name}-clock`),
  spec: {
    schedule: scheduleOf(every),
    timezone: "UTC",
    contentType: "application/json",
    data: "{}",
    sink: { ref: reference("Service", name) },
  },
});

const sinkBinding = ({ name }: HostedFunction<unknown>): object => ({
  apiVersion: "sources.knative.dev/v1",
  kind: "SinkBinding",
  metadata: metadata(`${name}-sink`),
  spec: { subject: reference("Service", name), sink: { ref: reference("Broker", BROKER) } },
});

const broker: readonly object[] = [
  {
    apiVersion: "eventing.knative.dev/v1alpha1",
    kind: "RabbitmqBrokerConfig",
    metadata: metadata(BROKER),
    spec: {
      rabbitmqClusterReference: { name: "rabbitmq", namespace: NAMESPACE, connectionSecret: { name: "rabbitmq-connection" } },
      queueType: "quorum",
      vhost: "nemo",
    },
  },
  {
    apiVersion: "eventing.knative.dev/v1",
    kind: "Broker",
    metadata: metadata(BROKER, { annotations: { "eventing.knative.dev/broker.class": "RabbitMQBroker" } }),
    spec: {
      config: { apiVersion: "eventing.knative.dev/v1alpha1", kind: "RabbitmqBrokerConfig", name: BROKER },
      delivery: delivery(TIMEOUT_S),
    },
  },
];

/** What the system tells (an intent, a pod, a round) on `nemo.events`, into Knative's broker. */
const source = {
  apiVersion: "sources.knative.dev/v1alpha1",
  kind: "RabbitmqSource",
  metadata: metadata("nemo-events"),
  spec: {
    rabbitmqClusterReference: { name: "rabbitmq", namespace: NAMESPACE, connectionSecret: { name: "rabbitmq-connection" } },
    rabbitmqResourcesConfig: { predeclared: true, queueName: KNATIVE_QUEUE, vhost: "nemo", parallelism: 50 },
    delivery: { retry: 5, backoffPolicy: "exponential", backoffDelay: "PT1S" },
    sink: { ref: reference("Broker", BROKER) },
  },
};

/**
 * And what the functions make of it, back into the log, where the API's streams and the relays see it. On `nemo.log` and not on `nemo.events`, from
 * where it would come round again.
 */
const logging = {
  apiVersion: "eventing.knative.dev/v1",
  kind: "Trigger",
  metadata: metadata("log", { annotations: { "rabbitmq.eventing.knative.dev/parallelism": String(CONCURRENCY) } }),
  spec: {
    broker: BROKER,
    subscriber: { ref: { apiVersion: "v1", kind: "Service", name: "dead-letters" }, uri: "/log" },
    delivery: delivery(TIMEOUT_S),
  },
};

const yaml = (documents: readonly object[]): string =>
  `# ${BANNER}\n${documents.map((document) => stringify(document, { lineWidth: 0, aliasDuplicateObjects: false })).join("---\n")}`;

/** What Knative needs to host the functions behind its RabbitMQ broker. */
export const knative: Generator = async (root) => {
  const functions = (await readFunctions(root)).filter(({ isDebugAid }) => isDebugAid !== true);
  const files = new Map<string, string>([
    ["broker.yaml", yaml(broker)],
    ["services.yaml", yaml(functions.map(service))],
    ["triggers.yaml", yaml([...functions.flatMap(triggers), logging])],
    ["clocks.yaml", yaml(functions.flatMap((fn) => (fn.every === undefined ? [] : [ping(fn, fn.every)])))],
    ["sinks.yaml", yaml(functions.map(sinkBinding))],
    ["events-source.yaml", yaml([source])],
  ]);
  files.set(
    "kustomization.yaml",
    yaml([{ apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization", resources: [...files.keys()] }]),
  );
  return new Map([...files].map(([name, text]) => [`deploy/knative/${name}`, text]));
};
