import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./services/child.ts";
import { hasDocker, startContainer } from "./services/docker.ts";
import { greetRabbitMq, greetRedis } from "./services/greet.ts";
import { installPackages } from "./services/programs.ts";
import { findRabbitMq, startRabbitMq } from "./services/rabbitmq.ts";
import { findRedis, startRedis } from "./services/redis.ts";

interface Started {
  readonly url: string;
  readonly how: string;
  stop(): Promise<void>;
}

interface Kind {
  readonly name: string;
  readonly variable: string;
  readonly urlAt: (port: number) => string;
  readonly usualPort: number;
  readonly package: string;
  readonly image: string;
  readonly greet: (url: string) => Promise<string>;
  readonly find: () => string | undefined;
  readonly start: (
    program: string,
    place: { port: number; dir: string },
  ) => Promise<{ url: string; version: string; stop(): Promise<void> }>;
}

const rabbitMq: Kind = {
  name: "RabbitMQ",
  variable: "AMQP_URL",
  urlAt: (port) => `amqp://guest:guest@127.0.0.1:${String(port)}`,
  usualPort: 5672,
  package: "rabbitmq-server",
  image: "rabbitmq:3.13",
  greet: greetRabbitMq,
  find: findRabbitMq,
  start: startRabbitMq,
};

const redis: Kind = {
  name: "Redis",
  variable: "REDIS_URL",
  urlAt: (port) => `redis://127.0.0.1:${String(port)}`,
  usualPort: 6379,
  package: "redis-server",
  image: "redis:7",
  greet: greetRedis,
  find: findRedis,
  start: startRedis,
};

export interface Services {
  readonly amqpUrl: string;
  readonly redisUrl: string;
  /** What is used and where it came from, one line each. */
  readonly how: string;
  stop(): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;
type Say = (line: string) => void;

const leaveAlone = (): Promise<void> => Promise.resolve();
const place = (url: string): string => new URL(url).host;

/** What the caller named, or what listens at the usual port and greets. UNDERLAY_SERVICES=own or =docker asks for a fresh one instead. */
async function existing(kind: Kind, env: Environment): Promise<Started | undefined> {
  const named = env[kind.variable];
  if (named !== undefined && named !== "") {
    try {
      return { url: named, how: `${kind.name} ${await kind.greet(named)} at ${place(named)}, named by ${kind.variable}`, stop: leaveAlone };
    } catch (cause) {
      throw new Error(`${kind.variable} names ${place(named)}, which does not answer as ${kind.name}`, { cause });
    }
  }
  if (env["UNDERLAY_SERVICES"] !== undefined) return undefined;
  const usual = kind.urlAt(kind.usualPort);
  try {
    return { url: usual, how: `${kind.name} ${await kind.greet(usual)}, found listening at ${place(usual)}`, stop: leaveAlone };
  } catch {
    return undefined; // nobody there, or somebody who does not let us in
  }
}

async function startOwn(kind: Kind, program: string): Promise<Started> {
  const dir = await mkdtemp(join(tmpdir(), `underlay-${kind.package}-`));
  const forget = (): Promise<void> => rm(dir, { recursive: true, force: true });
  try {
    const server = await kind.start(program, { port: await freePort(), dir });
    return {
      url: server.url,
      how: `${kind.name} ${server.version}, started from ${program} at ${place(server.url)}`,
      async stop() {
        await server.stop();
        await forget();
      },
    };
  } catch (fault) {
    await forget();
    throw fault;
  }
}

async function startInDocker(kind: Kind): Promise<Started> {
  const { url, version, stop } = await startContainer(kind.image, kind.usualPort, kind.urlAt, kind.greet);
  return { url, how: `${kind.name} ${version}, started from the image ${kind.image} at ${place(url)}`, stop };
}

const wayOut = (kind: Kind): Error =>
  new Error(
    `the tests need a real ${kind.name}, and there is none. Any one of these helps:\n` +
      `  - name one:        ${kind.variable}=${kind.urlAt(kind.usualPort)} npm test\n` +
      `  - install one:     sudo apt-get install -y ${kind.package}   (it need not be running)\n` +
      `  - or have Docker:  docker info   must work for this user`,
  );

/** A real RabbitMQ and a real Redis for the tests: named, found, started from the system's packages, or from Docker. Never neither. */
export async function startServices(env: Environment = process.env, say: Say = console.error): Promise<Services> {
  const kinds = [rabbitMq, redis] as const;
  const there = await Promise.all(kinds.map((kind) => existing(kind, env)));
  const missing = kinds.filter((_, i) => there[i] === undefined);
  const wantsDocker = env["UNDERLAY_SERVICES"] === "docker";
  const notInstalled = missing.filter((kind) => kind.find() === undefined).map((kind) => kind.package);
  if (!wantsDocker && notInstalled.length > 0) installPackages(notInstalled, say);

  const settle = async (kind: Kind, i: number): Promise<Started> => {
    const found = there[i];
    if (found !== undefined) return found;
    const program = wantsDocker ? undefined : kind.find();
    if (program !== undefined) return startOwn(kind, program);
    if (hasDocker()) return startInDocker(kind);
    throw wayOut(kind);
  };
  const results = await Promise.allSettled(kinds.map(settle));
  const started = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((service) => service.stop()));
  };
  const [broker, store] = started;
  if (broker !== undefined && store !== undefined) {
    return { amqpUrl: broker.url, redisUrl: store.url, how: `${broker.how}\n${store.how}`, stop };
  }
  await stop();
  const faults = results.flatMap((result) => (result.status === "rejected" ? [result.reason as Error] : []));
  throw faults.length === 1 && faults[0] !== undefined
    ? faults[0]
    : new AggregateError(faults, faults.map((fault) => fault.message).join("\n"));
}
