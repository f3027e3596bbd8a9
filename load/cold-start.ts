import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

const USAGE = `node load/cold-start.ts [--rounds N] [--only NAME]   how long each function takes until it listens, and its memory then, against bare node
  Needs npm run build, and node deploy/compile-cache.mjs dist/functions. --rounds (9) of each, taking turns.`;

const option = { type: "string" } as const;
const { values } = parseArgs({
  options: { rounds: { ...option, default: "9" }, only: option, help: { type: "boolean", short: "h", default: false } },
});
const root = join(import.meta.dirname, "..");
const dist = join(root, "dist/functions");

interface Start {
  readonly ms: number;
  readonly rssMb: number;
}

/** Until the first line on standard output: of a function, that it listens. */
async function start(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Start> {
  const began = performance.now();
  const program: ChildProcess = spawn(process.execPath, args, {
    cwd: root,
    env: { PATH: process.env["PATH"], PORT: "0", HOST: "127.0.0.1", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (program.stdout === null) throw new Error("a program without standard output");
  const exited = once(program, "exit");
  await Promise.race([
    once(program.stdout, "data"),
    exited.then(() => {
      throw new Error(`${args.join(" ")} ended before it was ready`);
    }),
  ]);
  const ms = performance.now() - began;
  const status = readFileSync(`/proc/${String(program.pid)}/status`, "utf8");
  program.kill("SIGKILL");
  await exited;
  return { ms, rssMb: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024 };
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;

interface Subject {
  readonly name: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

const BARE: Subject = { name: "bare", args: ["-e", "console.log('ready'); setInterval(() => 0, 1e6)"] };

const variants = (name: string): readonly Subject[] => [
  { name: "cached", args: ["deploy/entry.cjs"], env: { FUNCTION: name } },
  { name: "bundled", args: [join(dist, name, "index.js")] },
  {
    name: "unbundled",
    args: [
      "--input-type=module",
      "-e",
      `const { serve } = await import("./scripts/build/hosting.ts"); await serve((await import("./functions/${name}/handler.ts")).default);`,
    ],
  },
];

async function compare(name: string, rounds: number): Promise<string> {
  const subjects = [BARE, ...variants(name)];
  const starts = new Map<string, Start[]>(subjects.map((subject) => [subject.name, []]));
  for (let round = 0; round < rounds; round += 1)
    for (const subject of subjects) starts.get(subject.name)?.push(await start(subject.args, subject.env ?? {}));
  const of = (variant: string, what: keyof Start): number => median((starts.get(variant) ?? []).map((found) => found[what]));
  const [bareMs, bareMb] = [of("bare", "ms"), of("bare", "rssMb")];
  const cells = ["cached", "bundled", "unbundled"].map(
    (variant) =>
      `${of(variant, "ms").toFixed(0)} ms ${(of(variant, "ms") / bareMs).toFixed(2)}x, ${of(variant, "rssMb").toFixed(0)} MB ${(of(variant, "rssMb") / bareMb).toFixed(2)}x`,
  );
  const megabytes = (statSync(join(dist, name, "index.js")).size / 1e6).toFixed(2);
  return `| ${[name, `${megabytes} MB`, `${bareMs.toFixed(0)} ms, ${bareMb.toFixed(0)} MB`, ...cells].join(" | ")} |`;
}

if (values.help) console.log(USAGE);
else {
  console.log("| function | bundle | bare node | bundle with compile cache | bundle | sources |\n|---|---|---|---|---|---|");
  for (const name of readdirSync(dist))
    if (values.only === undefined || values.only === name) console.log(await compare(name, Number(values.rounds)));
}
