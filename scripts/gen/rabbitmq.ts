import { deadLetters, exchanges, functionQueue, logQueue } from "../../runtime/broker/amqp-topology.ts";
import { EVENTS_EXCHANGE, LOG_EXCHANGE } from "../../runtime/broker/broker.ts";
import { DEAD_LETTER_EXCHANGE, deadLetterQueue } from "../../runtime/broker/dead-letter.ts";
import { quarantineOf, queueOf } from "../../runtime/host/queue.ts";
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
const EXCHANGES = "nemo\\.(events|log|dlx)";
const NOTHING = "^$";

/** To declare what is there already takes the right to configure it; to bind, those to write to the one and to read from the other. */
const users: readonly Rights[] = [
  {
    user: "underlay",
    configure: `^(${OURS}|mo|mncc|mncc_cmv)$`,
    write: `^(${OURS}|amq\\.default|mncc|mncc_cmv)$`,
    read: `^(${OURS}|mo|mncc)$`,
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

/** A function's own, where it is taken alone, and where it is kept. */
const queuesOf = (fn: HostedFunction<unknown>): readonly Declared[] => {
  const own = queueOf(fn);
  return [functionQueue(own), functionQueue(quarantineOf(fn)), deadLetters(deadLetterQueue(own.name))];
};

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

/**
 * All that the functions need of RabbitMQ, to be there before any of them is: the same declarations that a process makes.
 * Users come without a password, so that nobody can log in as them before the operator gives them one.
 */
export const rabbitMqDefinitions: Generator = async (root) => {
  const functions = await readFunctions(root);
  const queues = functions.map(queueOf);
  const definitions = {
    vhosts: [{ name: VHOST }],
    users: users.map(({ user }) => ({ name: user, password_hash: "", hashing_algorithm: "rabbit_password_hashing_sha256", tags: "" })),
    permissions: users.map(({ user, configure, write, read }) => ({ user, vhost: VHOST, configure, write, read })),
    topic_permissions: users.map(({ user, topics }) => ({ user, vhost: VHOST, exchange: EVENTS_EXCHANGE, ...topics })),
    policies: [
      {
        vhost: VHOST,
        name: "dead-letters",
        pattern: "^nemo\\.fn\\..+\\.dlq$",
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
    queues: [logQueue(LOG_MAX_BYTES), ...functions.flatMap(queuesOf)].map(queue),
    bindings: [
      binding(EVENTS_EXCHANGE, LOG_EXCHANGE, "#", "exchange"),
      binding(LOG_EXCHANGE, "nemo.log", "#"),
      ...queues.flatMap(({ name, bindings }) => [
        ...bindings.map(({ exchange, key }) => binding(exchange, name, key)),
        binding(DEAD_LETTER_EXCHANGE, deadLetterQueue(name), name),
      ]),
    ],
  };
  return new Map([["deploy/rabbitmq/definitions.json", `${JSON.stringify(definitions, undefined, 2)}\n`]]);
};
