// CommonJS, as the bundles are: a function's start does without the loader of modules.
const { enableCompileCache } = require("node:module");
const { existsSync } = require("node:fs");
const { join } = require("node:path");

const root = join(__dirname, "..");
const { FUNCTION, SERVICE = "system" } = process.env;
const services = {
  system: "services/start.ts",
  bridge: "services/bridge/main.ts",
  "dead-letters": "services/dead-letters/main.ts",
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
  require(join(folder, "index.js"));
} else {
  const entry = Object.hasOwn(services, SERVICE) ? join(root, services[SERVICE]) : undefined;
  if (entry === undefined || !existsSync(entry)) fail(`SERVICE: one of ${Object.keys(services).join(", ")}, not ${SERVICE}`);
  void import(entry);
}
