import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Lab, startLab } from "../../lab/lab.ts";
import { clear, deadLetterQueues, onServers, queues } from "../support/ground.ts";
import { startGateway } from "../support/gateway.ts";
import { annex91, asNemoJson } from "../support/intents.ts";
import { endPrograms, type Program, startProgram } from "../support/program.ts";
import { depthOf, publishAll } from "../support/rabbitmq.ts";
import { type Settings, settings, until } from "../support/system.ts";

/** As many as there are VLANs. */
const MOST = 4_000;
const PER_BURST = 10;
const BURST_EVERY_MS = 100;

let lab: Lab;
let given: Settings;

beforeEach(async () => {
  lab = await startLab();
  given = await settings(lab.controllers, { ...onServers, LOG_LEVEL: "info", CLOCK: "off" });
  await clear(onServers);
});
afterEach(async () => {
  endPrograms();
  await given.remove();
  await lab.close();
});

/** A program, and those that take its place: the new one is there before the old one is told to end, as platforms do it. */
async function rolling(what: string, start: () => Promise<Program>, moved: (now: Program) => void = () => undefined) {
  let now = await start();
  moved(now);
  const redelivered: number[] = [];
  const outputs: string[] = [];
  return {
    what,
    now: () => now,
    /** Of all that it was, which end last. */
    output: () => outputs.join("\n"),
    async restart() {
      const old = now;
      now = await start();
      moved(now);
      redelivered.push(await old.counted("redeliveries_total"));
      expect([what, await old.end("SIGTERM")]).toEqual([what, { code: 0, signal: null }]);
      outputs.push(old.output());
    },
    async end() {
      redelivered.push(await now.counted("redeliveries_total"));
      await now.end("SIGTERM");
      outputs.push(now.output());
      return redelivered.reduce((sum, n) => sum + n, 0);
    },
  };
}

type Part = Awaited<ReturnType<typeof rolling>>;

const system = (env: Readonly<Record<string, string>> = {}) => startProgram("services/start.ts", { ...given.env, ...env });

interface SetUp {
  readonly parts: readonly Part[];
  /** Those that take messages off the queues. */
  readonly takers: readonly Part[];
  stop(): Promise<void>;
}

const setUps: Readonly<Record<string, () => Promise<SetUp>>> = {
  async "two processes of everything"() {
    const parts = [await rolling("the first", () => system()), await rolling("the second", () => system())];
    return { parts, takers: parts, stop: () => Promise.resolve() };
  },
  async "functions behind a gateway, two bridges and the API"() {
    const gateway = await startGateway();
    const names = ["intent-classify", "intent-translate", "exec-tfs", "intent-report"];
    const api = await rolling("the API", () => system({ FUNCTIONS: "none" }));
    const functions = [];
    for (const name of names)
      functions.push(
        await rolling(
          name,
          () => startProgram("test/support/function-program.ts", given.env, [name]),
          ({ port }) => gateway.route(name, [port]),
        ),
      );
    const env = { ...given.env, FUNCTIONS: names.join(","), FUNCTIONS_URL: `${gateway.url}/function/{function}` };
    const bridges = [];
    for (const nth of ["first", "second"])
      bridges.push(await rolling(`the ${nth} bridge`, () => startProgram("services/bridge/main.ts", env)));
    return { parts: [...bridges, ...functions, api], takers: bridges, stop: () => gateway.close() };
  },
};

/** What was processed more often than once, as `<function> <id of the event>`. */
function twice(output: string): readonly string[] {
  const seen = new Set<string>();
  const again: string[] = [];
  for (const line of output.split("\n")) {
    const [, fn, id] = /"fn":"([^"]+)".*"ceId":"([^"]+)".*"msg":"event processed"/.exec(line) ?? [];
    const one = `${String(fn)} ${String(id)}`;
    if (fn === undefined) continue;
    if (seen.has(one)) again.push(one);
    seen.add(one);
  }
  if (seen.size === 0) throw new Error("the log tells of no event at all");
  return again;
}

interface View {
  readonly state: string;
  readonly isSettled: boolean;
}

describe.each(Object.entries(setUps))("a rolling restart under load, of %s", (_, setUp) => {
  it("loses nothing, does nothing twice, and has nothing delivered twice", { timeout: 180_000 }, async () => {
    const { parts, takers, stop } = await setUp();
    const document = asNemoJson(await annex91());
    const intent = (n: number): string => document.replace('"new_intent_2"', `"roll_${String(n)}"`).replace('"999"', `"${String(n + 1)}"`);
    let sent = 0;
    let isRolling = true;
    const load = (async () => {
      while (isRolling && sent < MOST) {
        const burst = Array.from({ length: PER_BURST }, (__, n) => intent(sent + n));
        await publishAll("mo", "create-network-paths", burst);
        sent += PER_BURST;
        await delay(BURST_EVERY_MS); // a load that goes on while parts come and go
      }
    })();
    const made = (effect: string): string[] =>
      lab.ledger
        .entries()
        .filter((entry) => entry.effect === effect)
        .map((entry) => entry.object);
    await until(() => made("created").length > 0 || undefined, 30_000, "the first effect");
    for (const part of parts) await part.restart();
    isRolling = false;
    await load;
    const api = parts.at(-1)?.now();
    const states = await until(
      async () => {
        const all: View[] = [];
        for (let after: string | undefined; ;) {
          const query = new URLSearchParams({ limit: "500", ...(after === undefined ? {} : { after }) });
          const url = `http://127.0.0.1:${String(api?.port)}/v1/intents?${query.toString()}`;
          const page = (await (await fetch(url)).json()) as { intents: View[]; next?: string };
          all.push(...page.intents);
          if (page.next === undefined) break;
          after = page.next;
        }
        return all.length === sent && all.every(({ isSettled }) => isSettled) ? all.map(({ state }) => state) : undefined;
      },
      90_000,
      "every intent to be in a state",
    );
    let redelivered = 0;
    for (const part of parts) redelivered += await part.end();
    await stop();
    const created = made("created");
    process.stdout.write(
      `restarted ${parts.map(({ what }) => what).join(", ")}: ${String(sent)} in, ${String(new Set(created).size)} effects, ` +
        `${String(created.length - new Set(created).size)} twice, ${String(redelivered)} redelivered\n`,
    );
    expect(sent).toBeLessThan(MOST);
    expect([new Set(created).size, created.length]).toEqual([sent, sent]);
    expect(states.filter((state) => state !== "FULFILLED")).toEqual([]);
    expect(twice(takers.map((taker) => taker.output()).join("\n"))).toEqual([]);
    // One that is published in the very moment of a cancel is taken back unseen by anybody, and counted.
    expect(redelivered).toBeLessThan(sent / 100);
    for (const queue of [...queues, ...deadLetterQueues]) expect([queue, (await depthOf(queue)) ?? 0]).toEqual([queue, 0]);
  });
});
