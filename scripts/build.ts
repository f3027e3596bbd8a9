import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { stringify } from "yaml";
import { foldersWith } from "./gen/files.ts";

/** Of faas-js-runtime, which the tests run it with. */
const FUNC_RUNTIME = "4.0.1";

const root = join(import.meta.dirname, "..");

/** CommonJS, because the templates call `require("./function/handler")`. */
const entries = (name: string): Readonly<Record<string, string>> => ({
  "index.js": `require("./scripts/build/hosting.ts").serve(require("./functions/${name}/handler.ts").default);`,
  "handler.js": `module.exports = require("./scripts/build/hosting.ts").forTemplate(require("./functions/${name}/handler.ts").default);`,
  "func/index.js": `exports.handle = require("./scripts/build/hosting.ts").forFunc(require("./functions/${name}/handler.ts").default);`,
});

const json = (value: object): string => `${JSON.stringify(value, undefined, 2)}\n`;

// The templates run `npm test` of the function's folder while they build an image.
const manifest = (name: string): string =>
  json({
    name,
    version: "0.0.0",
    private: true,
    type: "commonjs",
    scripts: { start: "node index.js", test: "node --check handler.js" },
  });

// `func deploy` builds an image of the folder func/, whose runtime calls `handle`.
const funcManifest = (name: string): string =>
  json({
    name,
    version: "0.0.0",
    private: true,
    type: "commonjs",
    main: "index.js",
    scripts: { start: "faas-js-runtime ./index.js" },
    dependencies: { "faas-js-runtime": FUNC_RUNTIME },
  });

/** After schema/func_yaml-schema.json of knative/func, which insists on a date. */
const funcYaml = (name: string): string =>
  stringify({
    specVersion: "0.36.0",
    name,
    runtime: "node",
    namespace: "nemo-net",
    created: new Date(0),
    invoke: "cloudevent",
    build: { builder: "pack" },
  });

/** Three programs and their manifests, self-contained, in `<dist>/<name>/`. Answers how many bytes they are. */
export async function bundle(name: string, dist: string): Promise<number> {
  const folder = join(dist, name);
  await mkdir(folder, { recursive: true });
  await mkdir(join(folder, "func"), { recursive: true });
  await writeFile(join(folder, "package.json"), manifest(name));
  await writeFile(join(folder, "func/package.json"), funcManifest(name));
  await writeFile(join(folder, "func/func.yaml"), funcYaml(name));
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
