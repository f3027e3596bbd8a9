import { startLab } from "../lab/lab.ts";
import { labNodes } from "../lab/probes/nodes.ts";
import type { Probing } from "../domain/probe/schedule.ts";
import { plantDomain, plantNetwork } from "../lab/tsn/network.ts";
import { readConfig } from "../runtime/config.ts";
import { openLog } from "../runtime/log.ts";
import { readTenantsFile } from "./api/tenancy.ts";
import { reachable, readControllersFile } from "./controllers.ts";
import { startLoopbackAgents } from "./probe-agent/loopback.ts";
import { probingOf, probingWith } from "./probing.ts";
import { readSealKey } from "./seal-key.ts";
import { startSystem } from "./system.ts";

const isLoopback = (host: string): boolean => host === "localhost" || host === "::1" || host.startsWith("127.");
/** D2.3 §6.3.3 measured its two clusters at this pace. */
const LAB_PERIOD_S = 120;

/** `npm start`: everything in one process, with the lab as its controllers unless CONTROLLERS_FILE names real ones. */
async function main(): Promise<void> {
  const started = performance.now();
  const config = readConfig(process.env);
  const log = openLog(config.LOG_LEVEL);
  const withLab = config.LAB === undefined ? config.CONTROLLERS_FILE === undefined : config.LAB === "on";
  const lab = withLab ? await startLab({ kubernetes: { isAlive: true } }) : undefined;
  const named = config.CONTROLLERS_FILE === undefined ? [] : readControllersFile(config.CONTROLLERS_FILE);
  // The lab's core tells of flows by itself, and this is where it finds us.
  const notifyUrl = `http://127.0.0.1:${String(config.PORT)}/v1/notifications/5g`;
  const simulated = (lab?.controllers ?? []).map((c) => (c.executioner === "5g" && config.PORT !== 0 ? { notifyUrl, ...c } : c));
  const controllers = reachable([...named, ...simulated]);
  const sealKey = readSealKey(config.SEAL_KEY_FILE);
  const tenants = config.TENANTS_FILE === undefined ? undefined : readTenantsFile(config.TENANTS_FILE);
  const agents =
    lab === undefined || config.PROBE_AGENTS_FILE !== undefined
      ? undefined
      : await startLoopbackAgents(labNodes).catch((error: unknown) => {
          // Not every system has all of 127.0.0.0/8.
          log.warn({ reason: error instanceof Error ? error.message : "" }, "no probe agents on the loopback");
          return undefined;
        });
  const probing =
    agents === undefined ? probingOf(config) : probingWith({ ...config, PROBE_PERIOD_S: config.PROBE_PERIOD_S ?? LAB_PERIOD_S }, agents);
  const system = await startSystem({
    config,
    log,
    controllers,
    sealKey,
    ...(tenants === undefined ? {} : { tenants }),
    ...(lab === undefined ? {} : { labAddress: lab.controlAddress, networks: { [plantDomain]: plantNetwork() } }),
    ...(probing === undefined ? {} : { probing }),
  });
  if (tenants === undefined && !isLoopback(config.HOST))
    log.warn({ host: config.HOST }, "the API is open to everybody who reaches it: TENANTS_FILE closes it");

  console.log(
    [
      "",
      `underlay is ready after ${((performance.now() - started) / 1000).toFixed(1)} s`,
      "",
      `  API       ${system.address.href}openapi.json`,
      `  events    ${system.broker === "memory" ? "embedded broker, in memory" : "RabbitMQ"}`,
      `  state     ${system.storePromise}`,
      `  peers     ${lab === undefined ? "the controllers of CONTROLLERS_FILE" : "the lab: simulators of TeraFlowSDN, L2S-M, Kubernetes clusters, a slice controller, a 5G core, a peering API and a RESTCONF router"}`,
      `  probes    ${probesOf(probing)}${agents === undefined ? "" : ": real agents on this machine's loopback, which is no network"}`,
      "",
      "Try, in another terminal:",
      "",
      "  npx underlay plan  -f test/golden/annex-9.1-tfs-l2vpn.yaml",
      "  npx underlay apply -f test/golden/annex-9.1-tfs-l2vpn.yaml --wait",
      ...(agents === undefined ? [] : ["  npx underlay probe lab-worker-1 lab-worker-2", "  npx underlay get cost-map"]),
      ...(system.address.port === "8080" ? [] : [`  (with UNDERLAY_URL=${system.address.origin})`]),
      "",
    ].join("\n"),
  );

  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) process.exit(1); // asked twice: at once
    stopping = true;
    log.info({ signal }, "stopping");
    system
      .stop()
      .then(() => Promise.all([agents?.close(), lab?.close()]))
      .then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ err: error }, "stopped uncleanly");
          process.exit(1);
        },
      );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

const probesOf = (probing: Probing | undefined): string =>
  probing === undefined
    ? "none: PROBE_AGENTS_FILE names their nodes"
    : `${String(probing.agents.length)} nodes, every ${String(probing.periodMs / 1_000)} s`;

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
