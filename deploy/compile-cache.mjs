import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { once } from "node:events";

/** `node deploy/compile-cache.mjs <folder of bundles>`: starts each bundle once, so that V8's compiled code lies beside it. */
const dist = resolve(process.argv[2] ?? "dist/functions");

const warm = `
const { enableCompileCache, flushCompileCache } = require("node:module");
enableCompileCache(".cache");
require("./index.js");
setTimeout(() => { flushCompileCache(); process.exit(0); }, 1500);`;

for (const name of readdirSync(dist)) {
  const program = spawn(process.execPath, ["-e", warm], {
    cwd: join(dist, name),
    env: { ...process.env, PORT: "0", HOST: "127.0.0.1", REDIS_URL: "", AMQP_URL: "" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [code] = await once(program, "exit");
  if (code !== 0) throw new Error(`${name} did not start: exit ${code}`);
}
