import { type FilePlan, joinedHash, planAll } from "../check.ts";
import type { Context, ExitCode, Output } from "../context.ts";
import { readInputs } from "../input.ts";
import { type Paint, printable } from "../screen.ts";
import { styleOf } from "../table.ts";
import type { PlanStep } from "../wire.ts";

export interface PlanOptions {
  readonly file: readonly string[];
  readonly output: Output;
}

export async function plan({ api, screen, stdin }: Context, { file, output }: PlanOptions): Promise<ExitCode> {
  const plans = await planAll(api, await readInputs(file, stdin));
  const hash = joinedHash(plans.map((p) => p.plan));
  const changes = plans.reduce((sum, p) => sum + p.plan.changes, 0);
  if (output === "json") {
    const files = plans.map((p) => ({ file: p.file, hash: p.plan.hash, changes: p.plan.changes }));
    screen.json({ hash, changes, steps: plans.flatMap((p) => p.plan.steps), files });
  } else {
    screen.print(...planLines(plans, screen.paint), "", summaryOf(plans), `hash  ${hash}`);
    if (changes > 0)
      screen.print("", `apply this and nothing else:  underlay apply ${file.map((f) => `-f ${f}`).join(" ")} --plan ${hash}`);
  }
  return changes > 0 ? 2 : 0;
}

const marks: Readonly<Record<PlanStep["change"], string>> = { create: "+", change: "~", delete: "-", none: " " };

/** `+ create  INTENT  EXECUTIONER RESOURCE`, under its file's name where there are several. */
export function planLines(plans: readonly Pick<FilePlan, "file" | "plan">[], paint: Paint): readonly string[] {
  const steps = plans.flatMap(({ plan: { steps: all } }) => all);
  const width = Math.max(0, ...steps.map(({ intentId }) => intentId.length));
  const lineOf = ({ change, intentId, executioner, resource, differs }: PlanStep): string => {
    const why = change === "change" && differs.length > 0 ? `  (differs: ${differs.join(", ")})` : "";
    const what = printable(`${marks[change]} ${change.padEnd(6)}  ${intentId.padEnd(width)}  ${executioner} ${resource}${why}`);
    return `  ${paint(what, styleOf(change))}`;
  };
  return plans.flatMap(({ file, plan: { steps: own } }) => [
    ...(plans.length > 1 ? [paint(file, "strong")] : []),
    ...(own.length === 0 ? ["  (nothing to ask of any controller)"] : own.map(lineOf)),
  ]);
}

export function summaryOf(plans: readonly Pick<FilePlan, "plan">[]): string {
  const steps = plans.flatMap(({ plan: { steps: all } }) => all);
  const count = (change: PlanStep["change"]): string => String(steps.filter((step) => step.change === change).length);
  const counts = `${count("create")} to create, ${count("change")} to change, ${count("delete")} to delete, ${count("none")} as they should be`;
  return plans.some(({ plan: { changes } }) => changes > 0) ? `plan: ${counts}` : `no changes: ${counts}`;
}
