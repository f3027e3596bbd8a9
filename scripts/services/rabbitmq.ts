import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Child, freePort, startChild, untilReady } from "./child.ts";
import { greetRabbitMq } from "./greet.ts";
import { findProgram } from "./programs.ts";

/** Debian's command of the same name on PATH switches to the user rabbitmq and refuses everybody else; the script behind it runs as whoever calls it. */
export const findRabbitMq = (): string | undefined => findProgram("rabbitmq-server", ["/usr/lib/rabbitmq/bin"]);

export interface RabbitMq {
  readonly url: string;
  readonly version: string;
  readonly pid: number;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

/** A broker of our own: loopback only, no plug-ins, nothing of the system's configuration. The same place again finds the same data. */
export async function startRabbitMq(program: string, { port, dir }: { port: number; dir: string }): Promise<RabbitMq> {
  const files = {
    config: join(dir, "rabbitmq.conf"),
    advanced: join(dir, "advanced.config"),
    plugins: join(dir, "enabled_plugins"),
    env: join(dir, "rabbitmq-env.conf"),
  };
  await mkdir(dir, { recursive: true });
  await writeFile(
    files.config,
    `listeners.tcp.1 = 127.0.0.1:${String(port)}\ndisk_free_limit.absolute = 50MB\nlog.file = false\nlog.console = true\nlog.console.level = warning\n`,
  );
  await writeFile(files.advanced, "[].\n");
  await writeFile(files.plugins, "[].\n");
  await writeFile(files.env, "");

  // Erlang's port mapper would be started for good by the first node that finds none; one of our own ends with the broker.
  const mapper = findProgram("epmd");
  const mapperPort = await freePort();
  const epmd = mapper === undefined ? undefined : startChild(mapper, ["-address", "127.0.0.1", "-port", String(mapperPort)]);
  const broker: Child = startChild(program, [], {
    ...(epmd === undefined ? {} : { ERL_EPMD_PORT: String(mapperPort) }),
    HOME: dir, // where Erlang keeps its cookie
    RUNNING_UNDER_SYSTEMD: "true", // the script becomes the broker, so that its pid is the broker's
    RABBITMQ_NODENAME: `underlay-test-${String(process.pid)}-${String(port)}@localhost`,
    RABBITMQ_DIST_PORT: String(await freePort()),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}",
    RABBITMQ_MNESIA_BASE: join(dir, "data"),
    RABBITMQ_LOG_BASE: join(dir, "log"),
    RABBITMQ_SCHEMA_DIR: join(dir, "schema"),
    RABBITMQ_GENERATED_CONFIG_DIR: join(dir, "generated"),
    RABBITMQ_CONFIG_FILE: files.config,
    RABBITMQ_CONFIG_FILES: join(dir, "conf.d"),
    RABBITMQ_ADVANCED_CONFIG_FILE: files.advanced,
    RABBITMQ_ENABLED_PLUGINS_FILE: files.plugins,
    RABBITMQ_CONF_ENV_FILE: files.env,
  });
  const url = `amqp://guest:guest@127.0.0.1:${String(port)}`;
  try {
    const version = await untilReady("RabbitMQ", broker, () => greetRabbitMq(url));
    return {
      url,
      version,
      pid: broker.pid,
      async stop() {
        await broker.stop();
        await epmd?.stop();
      },
      async kill() {
        await broker.kill();
        await epmd?.kill();
      },
    };
  } catch (fault) {
    await broker.kill();
    await epmd?.kill();
    throw fault;
  }
}
