import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { foldersWith } from "./gen/files.ts";

const root = join(import.meta.dirname, "..");

/** CommonJS, because the templates call `require("./function/handler")`. */
const entries = (name: string): Readonly<Record<string, string>> => ({
  "index.js": `require("./scripts/build/hosting.ts").serve(require("./functions/${name}/handler.ts").default);`,
  "handler.js": `module.exports = require("./scripts/build/hosting.ts").forTemplate(require("./functions/${name}/handler.ts").default);`,
});

// The templates run `npm test` of the function's folder while they build an image.
const manifest = (name: string): string =>
  `${JSON.stringify({ name, version: "0.0.0", private: true, type: "commonjs", scripts: { start: "node index.js", test: "node --check handler.js" } }, undefined, 2)}\n`;

/** Two programs and their manifest, self-contained, in `<dist>/<name>/`. Answers how many bytes they are. */
export async function bundle(name: string, dist: string): Promise<number> {
  const folder = join(dist, name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), manifest(name));
  let bytes = 0;
  for (const [file, contents] of Object.entries(entries(name))) {
    const outfile = join(folder, file);
    await build({
      stdin: { contents, resolveDir: root, sourcefile: `${name}/${file}` },
      outfile,
      bundle: true,
      platform: "node",
      format: "cjs",
      target: "node22", // the newest that the official templates have
      minifyWhitespace: true,
      minifySyntax: true,
      legalComments: "none",
      logLevel: "warning",
    });
    bytes += (await stat(outfile)).size;
  }
  return bytes;
}

if (import.meta.main) {
  const dist = join(root, "dist/functions");
  const names = foldersWith(root, "functions", "handler.ts");
  if (names.length === 0) throw new Error("there is no function to build");
  await rm(dist, { recursive: true, force: true });
  for (const name of names) console.log(`${name.padEnd(20)} ${((await bundle(name, dist)) / 1e6).toFixed(2)} MB`);
  console.log(`${String(names.length)} functions in dist/functions/`);
}
