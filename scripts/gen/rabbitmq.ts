import { deadLetters, exchanges, functionQueue, logQueue } from "../../runtime/broker/amqp-topology.ts";
import { EVENTS_EXCHANGE, LOG_EXCHANGE } from "../../runtime/broker/broker.ts";
import { DEAD_LETTER_EXCHANGE, deadLetterQueue } from "../../runtime/broker/dead-letter.ts";
import { quarantineOf, queueName, queueOf } from "../../runtime/host/queue.ts";
import type { HostedFunction } from "../../runtime/function.ts";
import { type Generator, readFunctions } from "./files.ts";

const VHOST = "nemo";
const LOG_MAX_BYTES = 2_000_000_000;
const MAX_DEAD_LETTERS = 100_000;

interface Rights {
  readonly user: string;
  readonly configure: string;
  readonly write: string;
  readonly read: string;
  /** Routing keys on nemo.events that it may send, and bind. */
  readonly topics: { readonly write: string; readonly read: string };
}

const OURS = "nemo\\.(events|log|dlx|fn\\..+)";
/** Queues of the system's own services: proposals on their way out, twins as NEMO's JSON. */
const SERVICES = "nemo\\.(scaling|svc\\..+)";
/** What the system tells, for Knative's RabbitmqSource. */
export const KNATIVE_QUEUE = "nemo.knative";
const EXCHANGES = "nemo\\.(events|log|dlx)";
const NOTHING = "^$";

/** To declare what is there already takes the right to configure it; to bind, those to write to the one and to read from the other. */
const users: readonly Rights[] = [
  {
    user: "underlay",
    configure: `^(${OURS}|${SERVICES}|mo|mncc(\\.dlq)?|mncc_cmv)$`,
    write: `^(${OURS}|${SERVICES}|amq\\.default|mncc(\\.dlq)?|mncc_cmv)$`,
    read: `^(${OURS}|${SERVICES}|mo|mncc)$`,
    topics: { write: "^eu\\.meta-os\\.nemo\\..+$", read: "^.*$" },
  },
  {
    user: "bridge",
    configure: `^${OURS}$`,
    write: `^(${OURS}|amq\\.default)$`, // by which a message is set apart in its quarantine
    read: `^${OURS}$`,
    topics: { write: "^eu\\.meta-os\\.nemo\\..+$", read: "^.*$" },
  },
  {
    user: "pod-watch",
    configure: `^${EXCHANGES}$`,
    write: `^${EXCHANGES}$`,
    read: "^nemo\\.(events|log)$",
    topics: { write: "^eu\\.meta-os\\.nemo\\.(pod|node)\\.changed\\.v1(\\..*)?$", read: "^#$" },
  },
  // It takes what NEMO asks for and reads nothing of ours.
  { user: "meta-orchestrator", configure: NOTHING, write: "^mo$", read: NOTHING, topics: { write: NOTHING, read: NOTHING } },
];

type Declared = ReturnType<typeof deadLetters>;

const queue = ({ name, arguments: args }: Declared) => ({ name, vhost: VHOST, durable: true, auto_delete: false, arguments: args });
const binding = (source: string, destination: string, key: string, kind: "queue" | "exchange" = "queue") => ({
  source,
  vhost: VHOST,
  destination,
  destination_type: kind,
  routing_key: key,
  arguments: {},
});

interface Topology {
  readonly queues: readonly Declared[];
  readonly bindings: readonly ReturnType<typeof binding>[];
}

/** Functions that take their messages off queues: in the system's process, or over the bridge. */
const onQueues = (functions: readonly HostedFunction<unknown>[]): Topology => ({
  queues: functions.flatMap((fn) => [functionQueue(queueOf(fn)), functionQueue(quarantineOf(fn))]),
  bindings: functions.map(queueOf).flatMap(({ name, bindings }) => bindings.map(({ exchange, key }) => binding(exchange, name, key))),
});

/** Functions behind Knative's broker, which has queues of its own: ours would fill, and nobody would take from them. */
const onKnative: Topology = {
  queues: [
    functionQueue({ name: KNATIVE_QUEUE, bindings: [], prefetch: 1, deliveryLimit: 20 }),
    deadLetters(deadLetterQueue(KNATIVE_QUEUE)),
  ],
  bindings: [binding(EVENTS_EXCHANGE, KNATIVE_QUEUE, "#"), binding(DEAD_LETTER_EXCHANGE, deadLetterQueue(KNATIVE_QUEUE), KNATIVE_QUEUE)],
};

/**
 * All that a deployment needs of RabbitMQ, to be there before any process is: the same declarations that a process makes.
 * Users come without a password, so that nobody can log in as them before the operator gives them one.
 */
function definitions(functions: readonly HostedFunction<unknown>[], topology: Topology): string {
  const graves = functions.map(queueName);
  const all = {
    vhosts: [{ name: VHOST }],
    users: users.map(({ user }) => ({ name: user, password_hash: "", hashing_algorithm: "rabbit_password_hashing_sha256", tags: "" })),
    permissions: users.map(({ user, configure, write, read }) => ({ user, vhost: VHOST, configure, write, read })),
    topic_permissions: users.map(({ user, topics }) => ({ user, vhost: VHOST, exchange: EVENTS_EXCHANGE, ...topics })),
    policies: [
      {
        vhost: VHOST,
        name: "dead-letters",
        pattern: "^nemo\\.(fn\\..+|knative)\\.dlq$",
        "apply-to": "queues",
        // Full, it refuses: what cannot be kept there stays where it was.
        definition: { "max-length": MAX_DEAD_LETTERS, overflow: "reject-publish" },
        priority: 0,
      },
    ],
    exchanges: exchanges.map(({ name, type }) => ({
      name,
      vhost: VHOST,
      type,
      durable: true,
      auto_delete: false,
      internal: false,
      arguments: {},
    })),
    queues: [logQueue(LOG_MAX_BYTES), ...topology.queues, ...graves.map((name) => deadLetters(deadLetterQueue(name)))].map(queue),
    bindings: [
      binding(EVENTS_EXCHANGE, LOG_EXCHANGE, "#", "exchange"),
      binding(LOG_EXCHANGE, "nemo.log", "#"),
      ...topology.bindings,
      ...graves.map((name) => binding(DEAD_LETTER_EXCHANGE, deadLetterQueue(name), name)),
    ],
  };
  return `${JSON.stringify(all, undefined, 2)}\n`;
}

export const rabbitMqDefinitions: Generator = async (root) => {
  const functions = await readFunctions(root);
  return new Map([
    ["deploy/rabbitmq/definitions.json", definitions(functions, onQueues(functions))],
    ["deploy/rabbitmq/definitions.knative.json", definitions(functions, onKnative)],
  ]);
};
