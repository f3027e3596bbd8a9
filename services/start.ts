import { startLab } from "../lab/lab.ts";
import { plantDomain, plantNetwork } from "../lab/tsn/network.ts";
import { readConfig } from "../runtime/config.ts";
import { openLog } from "../runtime/log.ts";
import { reachable, readControllersFile } from "./controllers.ts";
import { readSealKey } from "./seal-key.ts";
import { startSystem } from "./system.ts";

/** `npm start`: everything in one process, with the lab as its controllers unless CONTROLLERS_FILE names real ones. */
async function main(): Promise<void> {
  const started = performance.now();
  const config = readConfig(process.env);
  const log = openLog(config.LOG_LEVEL);
  const withLab = config.LAB === undefined ? config.CONTROLLERS_FILE === undefined : config.LAB === "on";
  const lab = withLab ? await startLab() : undefined;
  const named = config.CONTROLLERS_FILE === undefined ? [] : readControllersFile(config.CONTROLLERS_FILE);
  const controllers = reachable([...named, ...(lab?.controllers ?? [])]);
  const sealKey = readSealKey(config.SEAL_KEY_FILE);
  const system = await startSystem({
    config,
    log,
    controllers,
    sealKey,
    ...(lab === undefined ? {} : { labAddress: lab.controlAddress, networks: { [plantDomain]: plantNetwork() } }),
  });

  console.log(
    [
      "",
      `underlay is ready after ${((performance.now() - started) / 1000).toFixed(1)} s`,
      "",
      `  API       ${system.address.href}openapi.json`,
      `  events    ${system.broker === "memory" ? "embedded broker, in memory" : "RabbitMQ"}`,
      `  state     ${system.storePromise}`,
      `  peers     ${lab === undefined ? "the controllers of CONTROLLERS_FILE" : "the lab: simulators of TeraFlowSDN, L2S-M with two clusters, a slice controller, a 5G core and a peering API"}`,
      "",
      "Try, in another terminal:",
      "",
      "  npx underlay plan  -f test/golden/annex-9.1-tfs-l2vpn.yaml",
      "  npx underlay apply -f test/golden/annex-9.1-tfs-l2vpn.yaml --wait",
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
      .then(() => lab?.close())
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

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
