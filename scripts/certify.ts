import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const catalogue = join(root, "domain/intent/catalogue");
const libraries = readdirSync(catalogue, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

const USAGE = `npm run certify -- [library]
  Runs one suite against the library's adaptor and its peer in the lab: brought about once, lost answers, failures in the middle,
  drift, secrets, limits, taking away what is gone. Without a library: all that end in orders.
  libraries: ${libraries.join(", ")}
docs/adaptor.md shows how to add one.`;

const [library] = process.argv.slice(2);
if (library === "--help" || library === "-h") {
  console.log(USAGE);
} else if (library !== undefined && !libraries.includes(library)) {
  console.error(`there is no library ${library}\n\n${USAGE}`);
  process.exitCode = 1;
} else {
  const env = { ...process.env, ...(library === undefined ? {} : { CERTIFY: library }) };
  const tests = spawn(process.execPath, [join(root, "scripts/test.ts"), "test/certify/certify.test.ts", "--reporter=verbose"], {
    cwd: root,
    stdio: "inherit",
    env,
  });
  tests.on("exit", (code) => (process.exitCode = code ?? 1));
}
