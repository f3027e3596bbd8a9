import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Intent, Ledger, Plan } from "./wire.ts";

const root = join(import.meta.dirname, "..");
const annex = "test/golden/annex-9.1-tfs-l2vpn.yaml";
const LIMIT_MS = 60_000;

/** What the tests run against is for the server that they start themselves: in memory, with its lab. */
const { AMQP_URL: _amqp, REDIS_URL: _redis, UNDERLAY_URL: _url, ...env } = process.env;

interface Ended {
  readonly exitCode: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

const command = (file: string, words: readonly string[], more: Record<string, string> = {}) =>
  new Promise<Ended>((resolve) => {
    execFile(file, words, { cwd: root, env: { ...env, ...more }, timeout: LIMIT_MS }, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : (error.code ?? error.signal ?? 1), stdout, stderr });
    });
  });

const started: ChildProcess[] = [];
function start(words: readonly string[], more: Record<string, string> = {}) {
  const child = spawn(process.execPath, words, { cwd: root, env: { ...env, ...more }, stdio: ["ignore", "pipe", "pipe"] });
  started.push(child);
  return { child, over: once(child, "exit") };
}
/** Also what a test that failed has left behind. */
async function endAll() {
  for (const child of started) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const over = once(child, "exit");
    const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
    child.kill("SIGTERM");
    await over;
    clearTimeout(late);
  }
}

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "underlay-cli-"));
});
afterAll(async () => {
  await endAll();
  await rm(dir, { recursive: true });
});

describe("the command against the whole system", { timeout: LIMIT_MS }, () => {
  let url: string;
  const underlay = (...words: readonly string[]) => command(process.execPath, ["cli/underlay.js", ...words], { UNDERLAY_URL: url });
  const ledger = async () => JSON.parse((await underlay("lab", "ledger", "-o", "json")).stdout) as Ledger;

  beforeAll(async () => {
    const { child } = start(["services/start.ts"], { PORT: "0", LAB: "on", LOG_LEVEL: "warn" });
    for await (const line of createInterface(child.stdout)) {
      const found = /http:\/\/[\w.:[\]]+/.exec(line);
      if (found === null) continue;
      [url] = found;
      break;
    }
    expect(url).toMatch(/^http/);
    // What it says later must not fill the pipes.
    child.stdout.resume();
    child.stderr.resume();
  }, LIMIT_MS);

  it("plans, applies, applies again, refuses, watches and takes back", async () => {
    // Nothing there yet: changes are pending.
    const planned = await underlay("plan", "-f", annex, "-o", "json");
    expect(planned).toMatchObject({ exitCode: 2, stderr: "" });
    const plan = JSON.parse(planned.stdout) as Plan;
    expect(plan).toMatchObject({ changes: 1, steps: [{ intentId: "new_intent_2", executioner: "tfs", change: "create" }] });
    expect(await ledger()).toMatchObject({ entries: [], inventory: [] });

    // That plan, and no other.
    const drifted = await underlay("apply", "-f", annex, "--plan", "0123456789abcdef");
    expect(drifted).toMatchObject({ exitCode: 1, stdout: "" });
    expect(drifted.stderr).toContain(`${annex}: PLAN_DRIFTED: `);
    const applied = await underlay("apply", "-f", annex, "--plan", plan.hash, "--wait", "-o", "json");
    expect(applied).toMatchObject({ exitCode: 0, stderr: "" });
    const { intents } = JSON.parse(applied.stdout) as { intents: Intent[] };
    expect(intents).toMatchObject([
      { id: "new_intent_2", generation: 1, state: "FULFILLED", orders: [{ executioner: "tfs", state: "executed" }] },
    ]);
    expect(intents[0]?.report).toMatchObject({
      intentReference: "Intent=new_intent_2",
      intentFulfilmentReport: { intentFulfilmentInfo: { fulfilmentStatus: "FULFILLED" } },
    });

    // Again: the network is left alone.
    const before = await ledger();
    expect(before.inventory).toHaveLength(1);
    expect(await underlay("apply", "-f", annex, "--wait")).toMatchObject({ exitCode: 0 });
    expect((await ledger()).entries).toEqual(before.entries);
    const replanned = await underlay("plan", "-f", annex);
    expect(replanned.exitCode).toBe(0);
    expect(replanned.stdout).toMatch(/^ {4}none {4}new_intent_2 {2}tfs .*\n\nno changes: .*\nhash {2}[0-9a-f]{16}\n$/);

    // Of a good file and a bad one, neither.
    const good = join(dir, "good.yaml");
    const bad = join(dir, "bad.yaml");
    const text = await readFile(join(root, annex), "utf8");
    await writeFile(good, text.replace("new_intent_2", "another").replace("'999'", "'998'"));
    const badText = `${text}\n---\n${text.replace("new_intent_2", "third").replace("'DELIVER'", "'DELIVERR'")}`;
    await writeFile(bad, badText);
    const refused = await underlay("apply", "-f", good, bad, "--wait");
    expect(refused).toMatchObject({ exitCode: 1, stdout: "" });
    const line = badText.split("\n").findIndex((l) => l.includes("DELIVERR")) + 1;
    const told = `${bad}: document 2, line ${String(line)}, /Intent/intentExpectations/0/expectationVerb: INTENT_INVALID: `;
    expect(refused.stderr.startsWith(told)).toBe(true);
    expect(refused.stderr).toMatch(/\nhint: .+\n$/);
    expect((await underlay("get", "intents", "another")).exitCode).toBe(1);

    expect(await underlay("get", "orders")).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/new_intent_2 +tfs +\S+ +apply +executed/) as string,
    });
    expect(await underlay("report", "new_intent_2")).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/bandwidth +FULFILLED +10 +DECLARED/) as string,
    });

    // Back to nothing. Somebody watches, and has enough when it is done.
    const { child: watching, over } = start(["cli/underlay.js", "watch", "--intent", "new_intent_2"], { UNDERLAY_URL: url });
    await once(watching.stderr, "data"); // "watching …"
    const unknown = await underlay("delete", "nobody", "--wait");
    expect(unknown).toMatchObject({ exitCode: 1, stdout: "", stderr: expect.stringContaining("there is no intent nobody") as string });
    expect(await underlay("delete", "new_intent_2", "--wait")).toMatchObject({ exitCode: 0, stderr: "" });
    expect((await ledger()).inventory).toEqual([]);
    const watched: string[] = [];
    for await (const seen of createInterface(watching.stdout)) {
      watched.push(seen);
      if (/intent\.reported .*TERMINATED/.test(seen)) watching.kill("SIGINT");
    }
    expect(await over).toEqual([0, null]);
    expect(watched.some((seen) => /order\.executed +new_intent_2 +removed tfs/.test(seen))).toBe(true);
  });
});

describe("the launcher", { timeout: LIMIT_MS }, () => {
  /** A checkout whose own node is this one, run by a node that says it is an old one. */
  async function checkout(main: string, hasNode = true) {
    const place = await mkdtemp(join(dir, "checkout-"));
    await mkdir(join(place, "cli"));
    await mkdir(join(place, "node_modules/node/bin"), { recursive: true });
    await copyFile(join(root, "cli/underlay.js"), join(place, "cli/underlay.js"));
    await writeFile(join(place, "package.json"), '{ "type": "module" }');
    await writeFile(join(place, "cli/main.ts"), main);
    await writeFile(
      join(place, "old.cjs"),
      'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } });',
    );
    const own = join(place, "node_modules/node/bin/node");
    // Not a link to the running one, which the launcher takes for itself.
    if (hasNode) await writeFile(own, `#!/bin/sh\nexec "${process.execPath}" "$@"\n`, { mode: 0o755 });
    return ["--require", join(place, "old.cjs"), join(place, "cli/underlay.js")];
  }

  it("hands over to the project's Node when run by an old one: words, streams and exit code", async () => {
    const words = await checkout("console.log(process.versions.node, process.argv.slice(2)); process.exitCode = 2;");
    expect(await command(process.execPath, [...words, "a b", "--c"])).toEqual({
      exitCode: 2,
      stdout: `${process.versions.node} [ 'a b', '--c' ]\n`,
      stderr: "",
    });
  });

  it("passes a signal on, and waits for what comes of it", async () => {
    const words = await checkout('setInterval(() => {}, 1000); process.on("SIGINT", () => process.exit(7)); console.log("on");');
    const { child, over } = start(words);
    await once(child.stdout, "data");
    child.kill("SIGINT");
    expect(await over).toEqual([7, null]);
  });

  it("says what to do where there is no Node to hand over to", async () => {
    const { exitCode, stderr } = await command(process.execPath, await checkout("", false));
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^underlay: needs Node 24, this is 20\.20\.2, .*\nhint: `npm ci`.*\n$/);
  });
});
