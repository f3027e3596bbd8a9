import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { BANNER, camelCase, foldersWith, type Generator } from "./files.ts";

const lines = (...parts: readonly (string | readonly string[])[]): string => `// ${BANNER}\n${parts.flat().join("\n")}\n`;

/** The catalogue of intent libraries: a bundle has no directory to scan, and importing for a side effect hides the order. */
export const catalogueIndex: Generator = (root) => {
  const parent = "domain/intent/catalogue";
  const folders = foldersWith(root, parent, "library.ts");
  const text = lines(
    `import type { IntentLibrary } from "../library.ts";`,
    folders.map((folder) => `import { library as ${camelCase(folder)} } from "./${folder}/library.ts";`),
    "",
    "export const catalogue: readonly IntentLibrary[] = [",
    folders.map((folder) => `  ${camelCase(folder)},`),
    "];",
  );
  return Promise.resolve(new Map([[`${parent}/index.ts`, text]]));
};

export const functionsIndex: Generator = (root) => {
  const folders = foldersWith(root, "functions", "handler.ts");
  const text = lines(
    `import type { HostedFunction } from "../runtime/function.ts";`,
    `import type { Backing } from "../state/backing.ts";`,
    folders.map((folder) => `import ${camelCase(folder)} from "./${folder}/handler.ts";`),
    "",
    "export const functions: readonly HostedFunction<Backing>[] = [",
    folders.map((folder) => `  ${camelCase(folder)},`),
    "];",
  );
  return Promise.resolve(new Map([["functions/index.ts", text]]));
};

const literal = (text: string): string => `\`${text.replaceAll(/[\\`]|\$\{/g, (special) => `\\${special}`)}\``;

/** Lua as strings: a CommonJS bundle has no path of its own to read files from. */
export const luaScripts: Generator = async (root) => {
  const names = globSync("*.lua", { cwd: join(root, "state/lua") }).toSorted();
  const sources = await Promise.all(
    names.map(async (name) => {
      const source = await readFile(join(root, "state/lua", name), "utf8");
      if (!source.startsWith("--[[")) throw new Error(`state/lua/${name} has to start with its header: what it does, KEYS, ARGV, Returns`);
      return `\nexport const ${camelCase(basename(name, ".lua"))} = ${literal(source)};`;
    }),
  );
  return new Map([["state/lua/scripts.ts", lines(sources)]]);
};
