import { enableCompileCache, createRequire } from "node:module";
import { existsSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const { FUNCTION, SERVICE = "system" } = process.env;
const services = {
  system: "services/start.ts",
  bridge: "services/bridge/main.ts",
  "pod-watch": "services/pod-watch/main.ts",
  "probe-agent": "services/probe-agent/main.ts",
};

function fail(message) {
  console.error(message);
  process.exit(2);
}

if (FUNCTION) {
  const folder = join(root, "dist/functions", FUNCTION);
  if (!/^[a-z0-9-]+$/.test(FUNCTION) || !existsSync(folder)) fail(`FUNCTION: there is no function ${FUNCTION} in this image`);
  // Written when the image was built; it is only read here, and what does not fit this Node is compiled anew.
  enableCompileCache(join(folder, ".cache"));
  createRequire(import.meta.url)(join(folder, "index.js"));
} else {
  const entry = Object.hasOwn(services, SERVICE) ? join(root, services[SERVICE]) : undefined;
  if (entry === undefined || !existsSync(entry)) fail(`SERVICE: one of ${Object.keys(services).join(", ")}, not ${SERVICE}`);
  await import(entry);
}
