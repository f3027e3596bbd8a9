import { afterAll, beforeAll, expect, it } from "vitest";
import { generator } from "../../domain/random.ts";
import { type Lab, startLab } from "../../lab/lab.ts";
import { clear, onServers, queues } from "../support/ground.ts";
import { annex91, asNemoJson } from "../support/intents.ts";
import { depthOf, publishAll } from "../support/rabbitmq.ts";
import { type Settings, settings, startProcess, type SystemProcess, until } from "../support/system.ts";

const INTENTS = 1_000;
const KILLS = 5;

let lab: Lab;
let given: Settings;

beforeAll(async () => {
  lab = await startLab();
  given = await settings(lab.controllers, { ...onServers, LOG_LEVEL: "warn" });
  await clear(onServers);
});

afterAll(async () => {
  await given.remove();
  await lab.close();
});

interface View {
  readonly id: string;
  readonly state: string;
  readonly isSettled: boolean;
}

async function allIntents({ address }: SystemProcess): Promise<readonly View[]> {
  const all: View[] = [];
  for (let after: string | undefined; ;) {
    const query = new URLSearchParams({ limit: "500", ...(after === undefined ? {} : { after }) });
    const page = (await (await fetch(new URL(`/v1/intents?${query.toString()}`, address))).json()) as { intents: View[]; next?: string };
    all.push(...page.intents);
    if (page.next === undefined) return all;
    after = page.next;
  }
}

it(
  `has 1,000 effects of 1,000 intents, none twice and none lost, when the process is killed ${String(KILLS)} times`,
  { timeout: 300_000 },
  async () => {
    const seed = Number(process.env["SEED"] ?? Date.now() % 100_000);
    const rng = generator(seed);
    const effects = (effect: string): string[] =>
      lab.ledger
        .entries()
        .filter((e) => e.effect === effect)
        .map((e) => e.object);
    // One at random in each fifth of the way, so that every kill finds work under way.
    const killAt = Array.from({ length: KILLS }, (_, i) => Math.floor(((i + rng()) / KILLS) * INTENTS * 0.95) + 1);
    const document = asNemoJson(await annex91());
    const bodies = Array.from({ length: INTENTS }, (_, i) =>
      document.replace('"new_intent_2"', `"kill_${String(i)}"`).replace('"999"', `"${String(i + 1)}"`),
    );

    let system = await startProcess(given);
    await publishAll("mo", "create-network-paths", bodies);
    const unacked: number[] = [];
    for (const threshold of killAt) {
      await until(() => (effects("created").length >= threshold ? true : undefined), 120_000, `${String(threshold)} effects`);
      const { signal } = await system.end("SIGKILL");
      expect(signal).toBe("SIGKILL");
      unacked.push(INTENTS - effects("created").length);
      system = await startProcess(given);
    }
    try {
      const settled = await until(
        async () => {
          const all = await allIntents(system);
          return all.length === INTENTS && all.every((intent) => intent.isSettled) ? all : undefined;
        },
        180_000,
        "every intent to be in a state",
      );
      const waiting = await Promise.all(queues.map(async (queue) => [queue, (await depthOf(queue)) ?? 0] as const));
      const created = effects("created");
      const configured = effects("changed");
      process.stdout.write(
        `seed ${String(seed)}; killed at ${killAt.join(", ")} effects, with ${unacked.join(", ")} to go; ` +
          `${String(INTENTS)} in, ${String(new Set(created).size)} effects, ${String(created.length - new Set(created).size)} twice, ${String(settled.filter((i) => i.state !== "FULFILLED").length)} not fulfilled\n`,
      );
      expect(
        unacked.every((left) => left > 0),
        "every kill found work under way",
      ).toBe(true);
      expect(new Set(created).size).toBe(INTENTS);
      expect(created).toHaveLength(INTENTS);
      expect(new Set(configured).size).toBe(INTENTS);
      expect(configured).toHaveLength(INTENTS);
      expect(lab.ledger.objects()).toHaveLength(INTENTS);
      expect(settled.filter((intent) => intent.state !== "FULFILLED")).toEqual([]);
      expect(waiting.filter(([, depth]) => depth > 0)).toEqual([]);
    } finally {
      await system.end("SIGTERM");
    }
  },
);
