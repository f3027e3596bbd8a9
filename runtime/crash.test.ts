import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { crashAt } from "./crash.ts";

it("is no switch at all where nothing is asked", () => {
  expect(crashAt(undefined)).toBeUndefined();
});

it.each([
  ["exec-tfs:claimed", "exec-tfs:claimed", "SIGKILL"],
  ["claimed", "exec-tfs:claimed", "SIGKILL"],
  ["exec-tfs:claimed", "exec-l2sm:claimed", null],
  ["claimed", "exec-tfs:unclaimed", null],
  ["exec-tfs:claimed#2", "exec-tfs:claimed", null],
])("asked for %s, %s ends the process with %s", async (at, step, signal) => {
  const module = new URL("crash.ts", import.meta.url).href;
  const script = `import { crashAt } from ${JSON.stringify(module)}; crashAt(${JSON.stringify(at)})(${JSON.stringify(step)});`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script]);
  expect((await once(child, "exit"))[1]).toBe(signal);
});

it("counts, where it is to end at a later time", async () => {
  const module = new URL("crash.ts", import.meta.url).href;
  const script = `import { crashAt } from ${JSON.stringify(module)}; const c = crashAt("x#2"); c("f:x"); console.log("once"); c("f:y"); c("f:x"); console.log("twice");`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script]);
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  expect([(await once(child, "close"))[1], said]).toEqual(["SIGKILL", "once\n"]);
});
