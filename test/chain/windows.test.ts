import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Lab, startLab } from "../../lab/lab.ts";
import { apiOf, type IntentView } from "../support/api.ts";
import { clear, grounds, onServers } from "../support/ground.ts";
import { type Settings, settings, startProcess, type SystemProcess, until } from "../support/system.ts";

const example = join(import.meta.dirname, "../../domain/intent/catalogue/slice-5g-flow/examples/flows.yaml");

/** D2.3's flow in a window that opens and ends so many seconds from now. */
async function flow(fromS: number, untilS: number): Promise<string> {
  const time = (s: number): string => `"${new Date(Math.ceil(Date.now() / 1_000) * 1_000 + s * 1_000).toISOString()}"`;
  const text = await readFile(example, "utf8");
  return text
    .replace(/(starTime.*contextValueRange: )"[^"]+"/, `$1${time(fromS)}`)
    .replace(/(stopTime.*contextValueRange: )"[^"]+"/, `$1${time(untilS)}`);
}

describe.each(Object.entries(grounds))("a flow with a window, %s", (_, env) => {
  let lab: Lab;
  let given: Settings;
  let system: SystemProcess;
  const flows = () => lab.ledger.objects().map(({ object }) => object);
  const intent = async (): Promise<IntentView & { waitsUntil?: string }> => (await apiOf(system).intent("flows", 0)).body;

  beforeAll(async () => {
    lab = await startLab();
    given = await settings(lab.controllers, env);
    await clear(env);
    system = await startProcess(given);
  });
  afterAll(async () => {
    expect((await system.end("SIGTERM")).code).toBe(0);
    await given.remove();
    await lab.close();
  });

  it("is there from its start to its stop, and neither before nor after, also when the process died in between", async () => {
    const [waiting] = await apiOf(system).apply(await flow(4, 8));
    expect(waiting).toMatchObject({ state: "COMPLIANT", isSettled: true, orders: [{ state: "waiting" }, { state: "executed" }] });
    expect([flows().length, (await intent()).waitsUntil]).toEqual([1, expect.stringMatching(/Z$/)]);
    if (env === onServers) {
      await system.end("SIGKILL");
      system = await startProcess(given);
    }
    await until(() => (flows().length === 2 ? true : undefined), 10_000, "the flow to begin");
    await until(async () => ((await intent()).state === "FULFILLED" ? true : undefined), 5_000, "the intent to be fulfilled");
    if (env === onServers) {
      await system.end("SIGKILL");
      system = await startProcess(given);
    }
    await until(() => (flows().length === 1 ? true : undefined), 10_000, "the flow to end");
    await until(async () => ((await intent()).isSettled ? true : undefined), 5_000, "the intent to be settled");
    expect((await intent()).orders.map(({ action, state }) => `${action} ${state}`)).toEqual(["withdraw executed", "apply executed"]);
    expect((await apiOf(system).remove("flows")).state).toBe("TERMINATED");
    expect(flows()).toEqual([]);
  });
});
