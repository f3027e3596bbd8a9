import type { Context, ExitCode, Output } from "../context.ts";
import { decisionTable, reportTable, statusLines, workloadTable } from "../learning-views.ts";
import type { Decisions, LearningStatus, ShadowReports } from "../learning-wire.ts";

interface Printed {
  readonly output: Output;
}

export async function getScaling(
  { api, screen }: Context,
  workload: string | undefined,
  { output, limit }: Printed & { readonly limit: number },
): Promise<ExitCode> {
  const page = await api.ask<Decisions>("v1/scaling", { query: { workload, ...(workload === undefined ? {} : { limit }) } });
  if (output === "json") screen.json(page);
  else screen.print(...(workload === undefined ? workloadTable : decisionTable)(page.decisions, screen.paint));
  return 0;
}

export async function learningStatus({ api, screen }: Context, { output }: Printed): Promise<ExitCode> {
  return show({ screen }, await api.ask<LearningStatus>("v1/learning"), output);
}

export async function learningMode(
  { api, screen }: Context,
  mode: string,
  { output, workload }: Printed & { readonly workload?: string },
): Promise<ExitCode> {
  return show({ screen }, await api.ask<LearningStatus>("v1/learning/mode", { method: "POST", query: { mode, workload } }), output);
}

export async function learningKill(
  { api, screen }: Context,
  { output, off = false }: Printed & { readonly off?: boolean },
): Promise<ExitCode> {
  return show({ screen }, await api.ask<LearningStatus>("v1/learning/kill", { method: "POST", query: { off: String(off) } }), output);
}

export async function learningRollback(
  { api, screen }: Context,
  { output, to, reason }: Printed & { readonly to?: string; readonly reason?: string },
): Promise<ExitCode> {
  const asked = await api.ask<{ readonly toSha256: string }>("v1/learning/rollback", { method: "POST", query: { to, reason } });
  if (output === "json") screen.json(asked);
  else screen.print(`model ${asked.toSha256.slice(0, 12)} is on its way back; \`underlay learning status\` shows when it holds`);
  return 0;
}

export async function learningReport(
  { api, screen }: Context,
  workload: string | undefined,
  { output, limit }: Printed & { readonly limit: number },
): Promise<ExitCode> {
  const page = await api.ask<ShadowReports>("v1/learning/report", { query: { workload, limit } });
  if (output === "json") screen.json(page);
  else screen.print(...reportTable(page.reports, screen.paint));
  return 0;
}

function show({ screen }: Pick<Context, "screen">, status: LearningStatus, output: Output): ExitCode {
  if (output === "json") screen.json(status);
  else screen.print(...statusLines(status, screen.paint));
  return 0;
}
