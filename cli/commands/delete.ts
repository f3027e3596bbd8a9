import { type Context, type ExitCode, idPath, type Output } from "../context.ts";
import { Refused } from "../failure.ts";
import { isReached, settle, shortfallLines } from "../settle.ts";
import { intentTable, ordersOf, orderTable } from "../views.ts";
import type { Intent } from "../wire.ts";

export interface DeleteOptions {
  readonly output: Output;
  readonly wait?: boolean;
  readonly timeout: number;
}

export async function remove(
  context: Context,
  ids: readonly string[],
  { output, wait = false, timeout }: DeleteOptions,
): Promise<ExitCode> {
  const { api, screen } = context;
  const going: Intent[] = [];
  const unknown: Refused[] = [];
  for (const id of new Set(ids)) {
    try {
      going.push(await api.ask<Intent>(idPath("intents", id), { method: "DELETE" }));
    } catch (error) {
      // The others are not to blame for an id that is not there.
      if (!(error instanceof Refused) || error.details.status !== 404) throw error;
      unknown.push(error);
    }
  }
  const intents = wait ? await settle(context, going, { timeoutS: timeout, until: "withdrawn" }) : going;

  if (output === "json") screen.json({ intents });
  else if (intents.length > 0) screen.print(...intentTable(intents, screen.paint), "", ...orderTable(ordersOf(intents), screen.paint));
  const short = wait ? intents.flatMap((intent) => shortfallLines(intent, timeout)) : [];
  screen.warn(...unknown.flatMap(({ lines }) => lines), ...short);
  if (short.length > 0) screen.warn("hint: deleting again is safe, and goes on where this ended");
  return unknown.length === 0 && (!wait || intents.every(isReached)) ? 0 : 1;
}
