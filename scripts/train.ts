import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { ENVIRONMENT, simulate, totalsOf } from "../domain/learning/simulate.ts";
import { learnedPolicy, marginPolicy } from "../domain/learning/policies.ts";
import { fork } from "../domain/learning/random.ts";
import { trainTable } from "../domain/learning/tabular-policy.ts";
import { train, TRAIN_DEFAULTS, type TrainSettings } from "../domain/learning/train.ts";
import { packed, SEEDS_FILE, SHIPPED_FILE } from "./learning/models.ts";
import { developmentParts } from "./learning/splits.ts";
import { asDemand } from "./learning/trace.ts";

const USAGE = `npm run train                     trains the models of seeds 1 to 10, and writes what ships
npm run train -- --seeds 3 --minutes 20000 --dry-run

Learns from the first 21 days of the NASA trace and from loads that are drawn from them, and chooses the model that ships by the 6 days
after them. The same seed gives the same bytes. One process, one core.

  --seeds N    how many seeds (10)
  --minutes N  minutes that each seed practises (${String(TRAIN_DEFAULTS.minutes)})
  --dry-run    writes nothing`;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "10" },
    minutes: { type: "string", default: String(TRAIN_DEFAULTS.minutes) },
    "dry-run": { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

function whole(name: "seeds" | "minutes", least: number): number {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < least) throw new Error(`--${name} takes a whole number of at least ${String(least)}`);
  return value;
}

/** A table has a few hundred numbers to learn: a day or two is enough. */
const TABLE_MINUTES = 20_000;

interface Trained {
  readonly seed: number;
  readonly sha256: string;
  readonly model: string;
  readonly hurdle: number;
  readonly validationCost: number;
}

const write = (path: string, content: object): void => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(content, undefined, 2)}\n`);
  console.log(`wrote ${relative(process.cwd(), path)}`);
};

function run(): void {
  const seeds = whole("seeds", 1);
  const settings: TrainSettings = { ...TRAIN_DEFAULTS, minutes: whole("minutes", 2000) };
  const { train: learnt, validation } = developmentParts();
  const perMinute = Float32Array.from(learnt.trace.requests, (requests) => requests / learnt.perPod);
  const demand = asDemand(validation.trace.requests, validation.perPod);
  const costOf = (policy: Parameters<typeof simulate>[0]): number => totalsOf(simulate(policy, demand), ENVIRONMENT).cost;
  const rule = costOf(marginPolicy());
  console.log(`validation cost of the rule alone: ${rule.toFixed(4)}`);

  const models: Trained[] = [];
  for (let seed = 1; seed <= seeds; seed += 1) {
    const before = process.cpuUsage();
    const model = train(perMinute, seed, settings);
    const { user, system } = process.cpuUsage(before);
    const trained = { seed, ...packed(model), hurdle: model.hurdle, validationCost: costOf(learnedPolicy(model)) };
    models.push(trained);
    const cpu = `${((user + system) / 1e6).toFixed(0)} s CPU`;
    console.log(
      `seed ${String(seed).padStart(2)}  validation cost ${trained.validationCost.toFixed(4)}  hurdle ${String(model.hurdle)}  ${cpu}`,
    );
  }
  if (values["dry-run"]) return;
  const best = models.reduce((least, trained) => (trained.validationCost < least.validationCost ? trained : least));
  const record = {
    command: `npm run train -- --seeds ${String(seeds)} --minutes ${String(settings.minutes)}`,
    learntFrom: `${learnt.trace.name}, ${String(learnt.trace.requests.length)} minutes, ${learnt.perPod.toFixed(3)} requests a minute and pod`,
    chosenBy: `${validation.trace.name}, ${String(validation.trace.requests.length)} minutes: lowest cost of ${String(seeds)} seeds`,
    seed: best.seed,
    settings,
    environment: ENVIRONMENT,
    validationCost: { rule, bySeed: models.map(({ seed, validationCost, hurdle }) => ({ seed, validationCost, hurdle })) },
    node: process.version,
    cpu: cpus()[0]?.model ?? "unknown",
  };
  write(SHIPPED_FILE, { sha256: best.sha256, model: best.model, record });
  const table = trainTable(perMinute, fork(1, 9), settings, TABLE_MINUTES, settings.hurdle);
  write(SEEDS_FILE, {
    table: Array.from(table.values, (q) => Number(q.toFixed(4))),
    models: models.map(({ seed, sha256, model }) => ({ seed, sha256, model })),
  });
}

if (values.help) console.log(USAGE);
else run();
