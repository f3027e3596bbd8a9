import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Finding, gates, verdict } from "./gates.ts";

const repository = join(import.meta.dirname, "../..");
const CONFIGURATION = [".oxlintrc.json", ".oxfmtrc.json", ".dependency-cruiser.cjs", "knip.json", "tsconfig.json"];
let root: string;

vi.setConfig({ testTimeout: 90_000 }); // whole tools run, and on a busy machine tsc alone may take a minute

const put = async (path: string, content: string): Promise<void> => {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
};

const look = async (name: string): Promise<Finding> => {
  const gate = gates.find((one) => one.name === name);
  if (gate === undefined) throw new Error(`no gate is called ${name}`);
  return gate.run(root);
};

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "underlay-gates-"));
  await symlink(join(repository, "node_modules"), join(root, "node_modules"));
  for (const file of CONFIGURATION) await cp(join(repository, file), join(root, file));
  await put(
    "package.json",
    JSON.stringify({
      name: "planted",
      type: "module",
      scripts: { start: "node services/start.ts" },
      dependencies: { zod: "*", ioredis: "*" },
      devDependencies: { vitest: "*" },
    }),
  );
  await put("domain/sum.ts", "export const sum = (a: number, b: number): number => a + b;\n");
  await put("services/start.ts", 'import { sum } from "../domain/sum.ts";\n\nconsole.log(sum(1, 2));\n');
});
afterEach(() => rm(root, { recursive: true }));

it("does not let a gate pass that looked at nothing", () => {
  expect(verdict({ looked: 0, at: "", problems: "" })).toBe("it looked at nothing");
  expect(verdict({ looked: 1, at: "", problems: "" })).toBe("");
  expect(verdict({ looked: 1, at: "", problems: "one" })).toBe("one");
});

describe.each(["format", "lint", "types", "directions"])("%s", (name) => {
  it("passes a clean tree and says how much it looked at", async () => {
    expect(await look(name)).toMatchObject({ problems: "", at: expect.stringMatching(/^[1-9]/) });
  });
});

/** A fault for every rule: the file it is in, the file itself, and what the gate has to say. */
const planted: Readonly<Record<string, readonly (readonly [path: string, content: string, says: string])[]>> = {
  format: [["domain/product.ts", "export  const product=1", "domain/product.ts"]],
  lint: [
    [
      "domain/wait.ts",
      "const wait = async (): Promise<void> => {};\nexport const go = (): void => {\n  wait();\n};\n",
      "no-floating-promises",
    ],
    ["state/loop.ts", "export const each = (xs: number[]): void => xs.forEach(async (x) => Promise.resolve(x));\n", "no-misused-promises"],
    ["state/await.ts", "export const late = async (): Promise<number> => await 1;\n", "await-thenable"],
    [
      "state/kind.ts",
      'export const kind = (k: "a" | "b"): void => {\n  switch (k) {\n    case "a":\n  }\n};\n',
      "switch-exhaustiveness-check",
    ],
    ["state/type.ts", 'import { Redis } from "ioredis";\n\nexport const f = (redis: Redis): Redis => redis;\n', "consistent-type-imports"],
    ["state/text.ts", "export const text = (x: object): string => `${x}`;\n", "restrict-template-expressions"],
    ["state/any.ts", "export const lost = (x: any): unknown => x;\n", "no-explicit-any"],
    ["state/throw.ts", 'export const fail = (): never => {\n  throw "x";\n};\n', "only-throw-error"],
    ["state/say.ts", 'export const say = (): void => console.log("x");\n', "no-console"],
    ["state/equal.ts", "export const equal = (a: unknown, b: unknown): boolean => a == b;\n", "eqeqeq"],
    ["state/default.ts", "export default 1;\n", "no-default-export"],
    ["state/badName.ts", "export const x = 1;\n", "filename-case"],
    ["state/off.ts", "// oxlint-disable-next-line no-console\nexport const off = 1;\n", "Unused"],
    ["state/ring.ts", 'import { gnir } from "./gnir.ts";\n\nexport const ring = (): unknown => gnir;\n', "no-cycle"],
    ["state/gnir.ts", 'import { ring } from "./ring.ts";\n\nexport const gnir = (): unknown => ring;\n', "no-cycle"],
    ["runtime/port.ts", 'export const port = process.env["PORT"];\n', "no-process-env"],
    ["domain/chance.ts", "export const chance = (): number => Math.random();\n", "'Math.random' is restricted"],
    ["domain/time.ts", "export const time = (): number => Date.now();\n", "'Date.now' is restricted"],
    ["domain/disk.ts", 'import { readFile } from "node:fs";\n\nexport const read = readFile;\n', "'node:fs' import is restricted"],
    ["domain/client.ts", 'import { Redis } from "ioredis";\n\nexport const client = Redis;\n', "'ioredis' import is restricted"],
    [
      "domain/up.ts",
      'import { port } from "../runtime/port.ts";\n\nexport const up = port;\n',
      "'../runtime/port.ts' import is restricted",
    ],
  ],
  types: [
    ["domain/wrong.ts", 'export const wrong: number = "1";\n', "TS2322"],
    ["state/enum.ts", "export enum Colour {\n  Red,\n}\n", "TS1294"],
  ],
  directions: [
    ["state/store.ts", 'import { Redis } from "ioredis";\n\nexport const store = (url: string): Redis => new Redis(url);\n', ""],
    ["functions/b/handler.ts", 'import "../../domain/sum.ts";\n', ""],
    ["runtime/log.ts", "export const log = 1;\n", ""],
    ["lab/main.ts", 'import "../domain/sum.ts";\n', ""],
    ["test/peek.ts", 'import "../lab/main.ts";\n', ""],
    ["domain/up.ts", 'import "../state/store.ts";\n', "domain-is-pure: domain/up.ts → state/store.ts"],
    ["domain/far.ts", 'import "./up.ts";\n', "domain-reaches-no-client: domain/far.ts"],
    ["events/up.ts", 'import "../state/store.ts";\n', "events-know-no-machinery: events/up.ts"],
    ["runtime/up.ts", 'import "../state/store.ts";\n', "runtime-knows-no-meaning: runtime/up.ts"],
    ["state/up.ts", 'import "../services/start.ts";\n', "state-knows-domain-and-redis: state/up.ts"],
    ["functions/a/handler.ts", 'import "../b/handler.ts";\n', "no-function-imports-function: functions/a/handler.ts"],
    ["functions/shared.ts", 'import "./b/handler.ts";\n', "shared-parts-import-no-function: functions/shared.ts"],
    ["functions/c/handler.ts", 'import "../../runtime/log.ts";\n', "functions-see-two-files-of-runtime: functions/c/handler.ts"],
    ["cli/up.ts", 'import "../state/store.ts";\n', "cli-talks-http: cli/up.ts"],
    ["lab/up.ts", 'import "../state/store.ts";\n', "lab-knows-only-domain: lab/up.ts"],
    ["services/play.ts", 'import "../lab/main.ts";\n', "only-the-start-imports-lab: services/play.ts"],
    ["services/peek.ts", 'import "../test/peek.ts";\n', "nothing-imports-these: services/peek.ts"],
    ["domain/sum.test.ts", 'import "./sum.ts";\n', ""],
    ["services/proof.ts", 'import "../domain/sum.test.ts";\n', "nothing-imports-a-test: services/proof.ts"],
    [
      "services/probe.ts",
      'import { it } from "vitest";\n\nexport const probe = it;\n',
      "no-devdependency-in-the-product: services/probe.ts",
    ],
    ["services/lost.ts", 'import "./nowhere.ts";\n', "no-unresolved: services/lost.ts"],
    ["services/round.ts", 'import "./round-again.ts";\n', "no-cycles: services/round"],
    ["services/round-again.ts", 'import "./round.ts";\n', ""],
    ["services/alone.ts", "export const alone = 1;\n", "no-orphans: services/alone.ts"],
  ],
  "dead code": [
    ["services/forgotten.ts", "export const forgotten = 1;\n", "services/forgotten.ts"],
    ["domain/sum.ts", "export const sum = (a: number, b: number): number => a + b;\nexport const difference = sum;\n", "difference"],
  ],
};

it.each(Object.entries(planted))("%s finds every fault that is planted", async (name, faults) => {
  for (const [path, content] of faults) await put(path, content);
  const { problems } = await look(name);
  const missed = faults.filter(([, , says]) => !problems.includes(says)).map(([path, , says]) => `${path}: ${says}`);
  expect(missed, problems).toEqual([]);
});

it.each(["lint", "types", "directions", "dead code"])("%s does not pass when it looked at less than there is", async (name) => {
  await put("tsconfig.json", JSON.stringify({ compilerOptions: { noEmit: true, types: [] }, include: ["services"] }));
  await put(".oxlintrc.json", JSON.stringify({ ignorePatterns: ["node_modules", "domain"] }));
  await put(".dependency-cruiser.cjs", 'module.exports = { forbidden: [], options: { exclude: { path: "^domain" } } };\n');
  await put("knip.json", JSON.stringify({ entry: ["services/start.ts"], project: ["services/**/*.ts"], ignore: ["domain/**"] }));
  await put("domain/unseen.ts", "export const unseen = 1;\n");
  expect((await look(name)).problems).toMatch(/were not looked at|were looked at, and there are/);
});

it("generated says what was changed by hand, is missing, or is left over", async () => {
  for (const part of ["domain", "events", "functions", "runtime", "state", "package.json"]) {
    await cp(join(repository, part), join(root, part), { recursive: true });
  }
  const { write } = await import("../gen.ts");
  await write(root);
  expect(await look("generated")).toMatchObject({ problems: "", looked: expect.any(Number) });
  await put("functions/index.ts", "export const functions = [];\n");
  await put("events/schemas/eu.meta-os.nemo.intent.imagined.v1.json", "{}\n");
  await rm(join(root, "events/asyncapi.yaml"));
  const { problems } = await look("generated");
  expect(problems).toContain("changed: functions/index.ts");
  expect(problems).toContain("left over: events/schemas/eu.meta-os.nemo.intent.imagined.v1.json");
  expect(problems).toContain("missing: events/asyncapi.yaml");
});
