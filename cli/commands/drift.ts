import { type Context, type ExitCode, idPath, type Output } from "../context.ts";
import { isReached, settle, shortfallLines } from "../settle.ts";
import { styleOf, table } from "../table.ts";
import { intentTable } from "../views.ts";
import type { DriftPage, Intent } from "../wire.ts";

const PATIENCE_MS = 300_000;

/** 2 where something has drifted, as of a plan with changes; 1 where something could not be looked at. */
export async function getDrift(
  { api, screen }: Context,
  id: string | undefined,
  { output }: { readonly output: Output },
): Promise<ExitCode> {
  screen.progress("looking at the controllers");
  const page = await api.ask<DriftPage>("v1/drift", { query: { intent: id }, signal: AbortSignal.timeout(PATIENCE_MS) });
  screen.progress();
  const rows = page.drift.flatMap(({ intentId, drift, unseen }) => [
    ...drift.map((d) => ({ intentId, ...d, what: d.differs.join(", ") })),
    ...unseen.map(({ reason, ...one }) => ({ intentId, ...one, found: "unseen", what: reason })),
  ]);
  if (output === "json") screen.json(page);
  else if (rows.length === 0) screen.print(`${String(page.checked)} intents looked at: the controllers have what they want`);
  else
    screen.print(
      ...table(
        rows,
        [
          { title: "INTENT", of: (r) => r.intentId },
          { title: "EXECUTIONER", of: (r) => r.executioner },
          { title: "RESOURCE", of: (r) => r.resource },
          { title: "FOUND", of: (r) => r.found, style: (r) => styleOf(r.found) },
          { title: "WHAT", of: (r) => r.what },
        ],
        screen.paint,
      ),
    );
  if (page.drift.some(({ drift }) => drift.length > 0)) return 2;
  return rows.length > 0 ? 1 : 0;
}

export interface RepairOptions {
  readonly timeout: number;
  readonly output: Output;
}

export async function repair({ api, screen }: Context, ids: readonly string[], { timeout, output }: RepairOptions): Promise<ExitCode> {
  const asked: Intent[] = [];
  for (const id of ids) asked.push(await api.ask<Intent>(`${idPath("intents", id)}/repair`, { method: "POST" }));
  const settled = await settle({ api, screen }, asked, { timeoutS: timeout, until: "repaired" });
  if (output === "json") screen.json({ intents: settled });
  else screen.print(...intentTable(settled, screen.paint));
  screen.warn(...settled.flatMap((intent) => shortfallLines(intent, timeout)));
  return settled.every(isReached) ? 0 : 1;
}
