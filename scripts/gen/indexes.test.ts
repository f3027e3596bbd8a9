import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { catalogueIndex, functionsIndex, luaScripts } from "./indexes.ts";

const HEADER = "--[[\n  Says what it was told.\n]]\n";
let root: string;

const put = async (path: string, content: string): Promise<void> => {
  await mkdir(join(root, path, ".."), { recursive: true });
  await writeFile(join(root, path), content);
};

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "underlay-indexes-"));
});
afterAll(() => rm(root, { recursive: true }));

it("lists the folders that have a library, in the order of their names", async () => {
  await put("domain/intent/catalogue/tfs-l2vpn/library.ts", "");
  await put("domain/intent/catalogue/l2sm/library.ts", "");
  await put("domain/intent/catalogue/notes/readme.md", "");
  const text = (await catalogueIndex(root)).get("domain/intent/catalogue/index.ts");
  expect(text).toContain(
    'import { library as l2sm } from "./l2sm/library.ts";\nimport { library as tfsL2vpn } from "./tfs-l2vpn/library.ts";\n',
  );
  expect(text).toContain("= [\n  l2sm,\n  tfsL2vpn,\n];");
});

it("lists the folders that have a handler", async () => {
  await put("functions/exec-5g/handler.ts", "");
  await put("functions/shared.ts", "");
  const text = (await functionsIndex(root)).get("functions/index.ts");
  expect(text).toContain('import exec5g from "./exec-5g/handler.ts";');
  expect(text).toContain("= [\n  exec5g,\n];");
});

it("keeps a Lua script letter by letter, with what is special in a template literal", async () => {
  const script = `${HEADER}return string.format("%s\\n", "\`\${KEYS[1]}\`")\n`;
  await put("state/lua/say-it.lua", script);
  await put("scripts.mjs", (await luaScripts(root)).get("state/lua/scripts.ts") ?? "");
  const { sayIt } = (await import(pathToFileURL(join(root, "scripts.mjs")).href)) as { sayIt: string };
  expect(sayIt).toBe(script);
});

it("refuses a Lua script without its header", async () => {
  await put("state/lua/bare.lua", "return 1\n");
  await expect(luaScripts(root)).rejects.toThrow(/bare\.lua has to start with its header/);
});
