import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalogue } from "../../domain/intent/catalogue/index.ts";
import type { PlanStep } from "../../domain/intent/plan.ts";
import { isExecutioner } from "../../functions/executioner.ts";
import { functions } from "../../functions/index.ts";
import { type Lab, startLab } from "../../lab/lab.ts";
import { plantDomain, plantNetwork } from "../../lab/tsn/network.ts";
import { clear, grounds } from "../support/ground.ts";
import { apiOf } from "../support/api.ts";
import { type Settings, settings, startProcess, type SystemProcess, until } from "../support/system.ts";

/** The example intents of every library: what is shown to people is what runs here. Stops are put off, so that none has passed. */
const documents = catalogue.flatMap(({ name }) => {
  const folder = join(import.meta.dirname, "../../domain/intent/catalogue", name, "examples");
  const files = readdirSync(folder).filter((file) => file.endsWith(".yaml"));
  expect(files, name).not.toEqual([]);
  return files.map((file) => readFileSync(join(folder, file), "utf8").replaceAll(/(stopTime.*)"20\d\d-(\d\d-\d\dT)/g, '$1"2099-$2'));
});
const file = documents.join("\n---\n");

/** A line in the log is written again each time: there is nothing to look at that would show it. */
const isKept = ({ executioner }: { readonly executioner: string }): boolean => executioner !== "log";

describe.each(Object.entries(grounds))("the examples of all libraries in one file, %s", (_, env) => {
  let lab: Lab;
  let given: Settings;
  let system: SystemProcess;
  let api: ReturnType<typeof apiOf>;
  const stepsOf = async (): Promise<readonly PlanStep[]> => {
    const { status, body } = await api.call<{ steps: readonly PlanStep[] }>("POST", "/v1/plans", file);
    if (status !== 200) throw new Error(JSON.stringify(body));
    return body.steps;
  };

  beforeAll(async () => {
    lab = await startLab();
    given = await settings(lab.controllers, { ATTEMPTS: "3", PATIENCE_MS: "8000", ...env });
    await clear(env);
    system = await startProcess(given);
    api = apiOf(system);
    // Streams need the network that they are to pass.
    await api.call("PUT", `/v1/tsn/domains/${plantDomain}/network`, JSON.stringify(plantNetwork()));
    await until(
      async () => ((await api.call("GET", `/v1/tsn/domains/${plantDomain}`)).status === 200 ? true : undefined),
      20_000,
      "the plant's schedule",
    );
  });
  afterAll(async () => {
    const { code } = await system.end("SIGTERM");
    await given.remove();
    await lab.close();
    expect(code, "stops cleanly").toBe(0);
  });

  it("are planned as creations on every executioner, fulfilled, left alone the second time, and leave nothing", async () => {
    const planned = await stepsOf();
    expect(new Set(planned.map(({ change }) => change))).toEqual(new Set(["create"]));
    expect(new Set(planned.map((step) => step.executioner))).toEqual(new Set(functions.filter(isExecutioner).map((fn) => fn.executioner)));
    expect(lab.ledger.entries()).toEqual([]);

    const applied = await api.apply(file);
    expect(applied.map(({ id, state, orders }) => [id, state, orders.filter((o) => o.state !== "executed")])).toEqual(
      applied.map(({ id }) => [id, "FULFILLED", []]),
    );
    expect(applied).toHaveLength(documents.length);

    const made = lab.ledger.entries().length;
    const looked = await stepsOf();
    expect(looked.filter(isKept).filter(({ change }) => change !== "none")).toEqual([]);
    const again = await api.apply(file);
    expect(again.flatMap(({ orders }) => orders.filter(isKept).map(({ effect }) => effect))).not.toContain("changed");
    expect(again.map(({ generation, state }) => [generation, state])).toEqual(again.map(() => [1, "FULFILLED"]));
    expect(lab.ledger.entries()).toHaveLength(made);

    const removed = await Promise.all(applied.map(({ id }) => api.remove(id)));
    expect(removed.map(({ id, state }) => [id, state])).toEqual(removed.map(({ id }) => [id, "TERMINATED"]));
    expect(lab.ledger.objects()).toEqual([]);
    expect((await stepsOf()).filter(({ change }) => change !== "create")).toEqual([]);
  });
});
