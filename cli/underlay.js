#!/usr/bin/env node
// Plain JavaScript for any Node from 20 on: the command itself is TypeScript, which Node 24 runs as it is. `npm ci` has put a Node 24 into
// node_modules, so an older one hands over to that.
import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const WANTED = 24;

/** A node of the project's own, in this directory's node_modules or in one above it; never the one that runs already. */
function ownNode() {
  const running = realpathSync(process.execPath);
  let dir = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    for (const name of ["node/bin/node", "node/bin/node.exe", ".bin/node"]) {
      const found = join(dir, "node_modules", name);
      if (existsSync(found) && realpathSync(found) !== running) return found;
    }
    if (dirname(dir) === dir) return undefined;
    dir = dirname(dir);
  }
}

function handOver(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(`underlay: ${node} cannot be run: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal];
  });
}

if (Number.parseInt(process.versions.node, 10) >= WANTED) await import("./main.ts");
else {
  const node = ownNode();
  if (node === undefined) {
    const need = `underlay: needs Node ${String(WANTED)}, this is ${process.versions.node}, and there is none in node_modules`;
    process.stderr.write(`${need}\nhint: \`npm ci\` in the project brings one\n`);
    process.exitCode = 1;
  } else handOver(node);
}
