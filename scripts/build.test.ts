import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { EventRejected } from "../events/rejected.ts";
import { bundle } from "./build.ts";
import { freePort } from "./services/child.ts";

const FUNCTION = "intent-classify";
let dist: string;

beforeAll(async () => {
  dist = await mkdtemp(join(tmpdir(), "underlay-build-"));
  await bundle(FUNCTION, dist);
}, 60_000);
afterAll(() => rm(dist, { recursive: true }));

const start = (file: string, env: NodeJS.ProcessEnv = {}) =>
  spawn(process.execPath, [file], {
    cwd: join(dist, FUNCTION),
    env: { ...process.env, REDIS_URL: "", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });

async function ready(url: string): Promise<Response> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await fetch(url);
    } catch (cause) {
      if (tries > 100) throw new Error("the program does not listen", { cause });
      await sleep(50);
    }
  }
}

it("bundles a program that serves the function over HTTP and ends when it is told to", async () => {
  const port = await freePort();
  const program = start("index.js", { PORT: String(port) });
  program.stdout.resume();
  const at = `http://127.0.0.1:${String(port)}`;
  try {
    expect((await ready(`${at}/_/health`)).status).toBe(200);
    const refused = await fetch(at, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
    expect([refused.status, refused.headers.get("content-type")]).toEqual([422, "application/problem+json"]);
  } finally {
    program.kill("SIGTERM");
  }
  expect(await once(program, "exit")).toEqual([0, null]);
});

it("bundles what Knative's func runtime calls, which answers as every other host does", async () => {
  const port = await freePort();
  const runtime = fileURLToPath(import.meta.resolve("faas-js-runtime"));
  const program = spawn(process.execPath, [join(runtime, "../bin/cli.js"), "--port", String(port), join(dist, FUNCTION, "func/index.js")], {
    env: { ...process.env, REDIS_URL: "" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const at = `http://127.0.0.1:${String(port)}`;
  const post = (headers: Readonly<Record<string, string>>, body: string) => fetch(at, { method: "POST", headers, body });
  try {
    expect((await ready(`${at}/health/liveness`)).status).toBe(200);
    const refused = await post({ "content-type": "application/json" }, "{}");
    expect([refused.status, refused.headers.get("content-type")]).toEqual([422, "application/problem+json"]);
    const foreign = { specversion: "1.0", id: "1", source: "/test", type: "com.example.foreign" };
    const event = Object.fromEntries(Object.entries(foreign).map(([name, value]) => [`ce-${name}`, value]));
    const binary = await post({ ...event, "content-type": "application/json" }, "{}");
    expect([binary.status, binary.headers.get("ce-type"), binary.headers.get("ce-causationid")]).toEqual([200, EventRejected.type, "1"]);
    const structured = await post({ "content-type": "application/cloudevents+json" }, JSON.stringify(foreign));
    expect(structured.headers.get("ce-id")).toBe(binary.headers.get("ce-id"));
  } finally {
    program.kill("SIGTERM");
  }
  await once(program, "exit");
});

it("bundles what the official OpenFaaS templates call", async () => {
  // The template's part, cut down to one call: require, call, and what the handler says to the context.
  await writeFile(
    join(dist, FUNCTION, "template.js"),
    `const context = {
  code: 200,
  status(code) { this.code = code; return this; },
  headers() { return this; },
  succeed(body) { console.log(JSON.stringify([this.code, String(body)])); },
};
const event = { method: "GET", path: "/_/health", headers: {}, body: undefined };
require("./handler.js")(event, context).then(() => process.exit(0));
`,
  );
  const program = start("template.js");
  const [said] = (await once(program.stdout, "data")) as [Buffer];
  expect(JSON.parse(said.toString())).toEqual([200, "OK"]);
  await once(program, "close");
});
