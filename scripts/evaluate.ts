import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ENVIRONMENT } from "../domain/learning/simulate.ts";
import { type Evaluation, evaluate } from "./learning/evaluation.ts";
import { savedTable, seedModels } from "./learning/models.ts";
import { plotDay, plotScores, plotTradeOff } from "./learning/plots.ts";
import { developmentParts, NAMED, partOf, PEAK_PODS } from "./learning/splits.ts";
import { describe } from "./learning/table.ts";
import { asDemand, isTraceError, type Trace } from "./learning/trace.ts";
import { compareUnderAttack, describeAttacks } from "./learning/under-attack.ts";

const USAGE = `npm run evaluate -- --trace TRACE [--seeds 10]     the learner against the calibrated HPA, the rules and the oracle
npm run evaluate -- attacks                        federations with 2 malicious clients of 10: five attacks on five rules of aggregation

TRACE is a CSV with the columns minute_index,requests, or one of ${Object.keys(NAMED).join(", ")}.

  --trace TRACE     several are taken one after another (nasa-validation)
  --seeds N         independently trained models, of those that npm run train has made (10)
  --peak-pods X     scales a CSV: the 99.9th percentile of its minutes is X pods of work (${String(PEAK_PODS)})
  --seed N          of the federations under attack (1)
  --plots FOLDER    writes scores.svg, trade-off.svg and day.svg of each trace there
  -o json           {"policies":{NAME:{cost,violationMinutes,podMinutes,moves}},"normalised":{iqm,low,high},...} on stdout; several
                    traces give an array of these

examples
  npm run evaluate -- --trace nasa-validation --plots docs/figures
  npm run --silent evaluate -- --trace mine.csv --seeds 3 -o json | jq .normalised`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    trace: { type: "string", multiple: true, default: ["nasa-validation"] },
    seeds: { type: "string", default: "10" },
    "peak-pods": { type: "string", default: String(PEAK_PODS) },
    seed: { type: "string", default: "1" },
    plots: { type: "string" },
    output: { type: "string", short: "o", default: "text" },
    help: { type: "boolean", short: "h", default: false },
  },
});

class UsageError extends Error {}

const rounded = (x: number): number => Number(x.toPrecision(6));

/** What `-o json` says of one trace. */
function asJson(trace: Trace, evaluation: Evaluation): object {
  const { policies, hpa, days, seeds, scores } = evaluation;
  const { dqn } = policies;
  return {
    trace: { name: trace.name, minutes: trace.requests.length, gaps: trace.gaps },
    learner: "dqn",
    seeds,
    days,
    policies: Object.fromEntries(
      Object.entries(policies).map(([name, { cost, violationMinutes, podMinutes, moves, normalised, better }]) => [
        name,
        {
          cost: rounded(cost),
          violationMinutes: rounded(violationMinutes),
          podMinutes: rounded(podMinutes),
          moves: rounded(moves),
          normalised,
          better,
        },
      ]),
    ),
    normalised: dqn?.normalised,
    probabilityOfImprovement: dqn?.better,
    calibratedHpa: hpa,
    scores,
    units: { cost: "pods + 20 x violation + 0.2 x pods started or stopped, mean per tick of 30 s", moves: "pods started or stopped" },
  };
}

function run(): void {
  const seeds = Number(values.seeds);
  const peakPods = Number(values["peak-pods"]);
  if (!Number.isInteger(seeds) || seeds < 1) throw new UsageError("--seeds takes a whole number of at least 1");
  if (!(peakPods > 0)) throw new UsageError("--peak-pods takes a number above 0");
  if (values.output !== "text" && values.output !== "json") throw new UsageError("-o takes text or json");
  const models = seedModels(seeds);
  if (models.length < seeds)
    throw new UsageError(`there are models of ${models.length} seeds; npm run train -- --seeds ${seeds} makes more`);
  const table = savedTable();
  const answers = values.trace.map((name) => {
    const { trace, perPod } = partOf(name, peakPods);
    const demand = asDemand(trace.requests, perPod);
    const evaluation = evaluate(demand, { models, table });
    if (values.output === "text") console.log(`${describe(trace.name, evaluation)}\n`);
    if (values.plots !== undefined) draw(values.plots, trace, demand, evaluation);
    return asJson(trace, evaluation);
  });
  if (values.output === "json") console.log(JSON.stringify(answers.length === 1 ? answers[0] : answers, undefined, 2));
}

function draw(folder: string, { name }: Trace, demand: Float32Array, evaluation: Evaluation): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}-scores.svg`), plotScores(name, evaluation));
  writeFileSync(join(folder, `${name}-trade-off.svg`), plotTradeOff(name, evaluation));
  writeFileSync(join(folder, `${name}-day.svg`), plotDay(name, demand, evaluation, ENVIRONMENT));
}

function attack(): void {
  const seed = Number(values.seed);
  if (!Number.isInteger(seed) || seed < 1) throw new UsageError("--seed takes a whole number of at least 1");
  const { train, validation } = developmentParts();
  const found = compareUnderAttack(train, validation, seed, (line) => console.error(line));
  console.log(values.output === "json" ? JSON.stringify(found, undefined, 2) : describeAttacks(found));
}

if (values.help) console.log(USAGE);
else {
  try {
    const [what, ...more] = positionals;
    if (more.length > 0 || (what !== undefined && what !== "attacks"))
      throw new UsageError(`${positionals.join(" ")}: it takes attacks, or nothing; a trace goes behind --trace`);
    if (what === "attacks") attack();
    else run();
  } catch (error) {
    const isUsage =
      error instanceof UsageError || isTraceError(error) || (error instanceof Error && "code" in error && error.code === "ENOENT");
    if (!isUsage) throw error;
    console.error(`evaluate: ${error.message}`);
    process.exitCode = 2;
  }
}
