import { joinedHash, NOTHING_TAKEN, planAll } from "../check.ts";
import type { Context, ExitCode, Output } from "../context.ts";
import { Failure, mayPass, problemLines, Refused } from "../failure.ts";
import { type Input, readInputs } from "../input.ts";
import { isReached, settle, shortfallLines } from "../settle.ts";
import { intentTable, ordersOf, orderTable } from "../views.ts";
import type { Applied, Intent } from "../wire.ts";

export interface ApplyOptions {
  readonly file: readonly string[];
  readonly output: Output;
  readonly wait?: boolean;
  readonly timeout: number;
  readonly plan?: string;
}

export async function apply(context: Context, { file, output, wait = false, timeout, plan }: ApplyOptions): Promise<ExitCode> {
  const { screen, stdin } = context;
  const taken = await takeAll(context, await checked(context, await readInputs(file, stdin), plan));
  const intents = wait ? await settle(context, taken, { timeoutS: timeout, until: "settled" }) : taken;

  if (output === "json") screen.json({ intents });
  else screen.print(...intentTable(intents, screen.paint), "", ...orderTable(ordersOf(intents), screen.paint));
  if (!wait || intents.every(isReached)) return 0;
  screen.warn(
    ...intents.flatMap((intent) => shortfallLines(intent, timeout)),
    "hint: `underlay report ID` says what is missing, `underlay watch --intent ID` what happens; applying again is safe",
  );
  return 1;
}

interface Checked extends Input {
  /** Take the file only while its plan has this hash. */
  readonly hash?: string;
}

/**
 * The API takes all of a file or nothing of it. That is enough for one file; with several, all are looked at before the first is taken, so that
 * a slip in the last does not leave the others half applied.
 */
async function checked({ api }: Context, inputs: readonly Input[], hash: string | undefined): Promise<readonly Checked[]> {
  if (inputs.length === 1) return inputs.map((input) => ({ ...input, ...(hash === undefined ? {} : { hash }) }));
  const plans = await planAll(api, inputs);
  if (hash === undefined) return plans;
  const now = joinedHash(plans.map(({ plan }) => plan));
  if (now !== hash) {
    const detail = `the plan of these files is ${now} now, not ${hash}: plan again, look, and apply that`;
    throw new Refused({ status: 409, code: "PLAN_DRIFTED", title: "what apply would do has changed since the plan", detail });
  }
  return plans.map(({ plan, ...input }) => ({ ...input, hash: plan.hash }));
}

async function takeAll({ api, screen }: Context, inputs: readonly Checked[]): Promise<readonly Intent[]> {
  const taken: Intent[] = [];
  for (const { file, bytes, hash } of inputs) {
    try {
      const { intents, warnings = [] } = await api.ask<Applied>("v1/intents", { method: "POST", body: bytes, query: { plan: hash } });
      screen.warn(...warnings.map((warning) => `${file}: warning: ${warning}`));
      taken.push(...intents);
    } catch (error) {
      throw taken.length > 0 ? afterSome(error, file, taken) : ofFile(error, file);
    }
  }
  return taken;
}

const ofFile = (error: unknown, file: string): unknown =>
  error instanceof Refused && !mayPass(error) ? new Failure(problemLines(file, error.details), error.hint ?? NOTHING_TAKEN) : error;

/** What had been found good was refused after all, or the server went away in between. */
function afterSome(error: unknown, file: string, taken: readonly Intent[]): Failure {
  const lines =
    error instanceof Refused ? problemLines(file, error.details) : [`${file}: ${error instanceof Error ? error.message : String(error)}`];
  return new Failure(
    [...lines, `taken before that: ${taken.map(({ id }) => id).join(", ")}`],
    "applying again is safe: what is there already is left as it is",
  );
}
