import type { Api } from "../client.ts";
import { type Context, type ExitCode, idPath, type Output } from "../context.ts";
import { Failure } from "../failure.ts";
import { eventTable } from "../happening.ts";
import { intentTable, ledgerLines, ordersOf, orderTable, reportLines } from "../views.ts";
import type { EventPage, Intent, IntentPage, IntentReport, Ledger } from "../wire.ts";

interface GetOptions {
  readonly output: Output;
}

const PAGE = 500;

async function everyIntent(api: Api): Promise<readonly Intent[]> {
  const intents: Intent[] = [];
  let after: string | undefined;
  do {
    const page: IntentPage = await api.ask<IntentPage>("v1/intents", { query: { after, limit: PAGE } });
    if (page.next !== undefined && page.next === after) throw new Failure([`${api.server.href} gives the same page again and again`]);
    intents.push(...page.intents);
    after = page.next;
  } while (after !== undefined);
  return intents;
}

export async function getIntents({ api, screen }: Context, id: string | undefined, { output }: GetOptions): Promise<ExitCode> {
  const one = id === undefined ? undefined : await api.ask<Intent>(idPath("intents", id));
  const intents = one === undefined ? await everyIntent(api) : [one];
  if (output === "json") screen.json(one ?? { intents });
  else screen.print(...intentTable(intents, screen.paint));
  if (output === "table" && one !== undefined) screen.print("", ...orderTable(ordersOf([one]), screen.paint));
  return 0;
}

export async function getOrders({ api, screen }: Context, id: string | undefined, { output }: GetOptions): Promise<ExitCode> {
  const orders = ordersOf(id === undefined ? await everyIntent(api) : [await api.ask<Intent>(idPath("intents", id))]);
  if (output === "json") screen.json({ orders });
  else screen.print(...orderTable(orders, screen.paint));
  return 0;
}

export interface EventFilter {
  readonly type?: string;
  readonly intent?: string;
}

export async function getEvents(
  { api, screen }: Context,
  { output, type, intent, limit }: GetOptions & EventFilter & { readonly limit: number },
): Promise<ExitCode> {
  const page = await api.ask<EventPage>("v1/events", { query: { type, subject: intent, limit } });
  if (output === "json") screen.json(page);
  else screen.print(...eventTable(page.events, screen.paint));
  return 0;
}

export async function report({ api, screen }: Context, id: string, { output }: GetOptions): Promise<ExitCode> {
  const found = await api.ask<{ readonly IntentReport: IntentReport }>(idPath("reports", id));
  if (output === "json") screen.json(found);
  else screen.print(...reportLines(found.IntentReport, screen.paint));
  return 0;
}

export async function labLedger({ api, screen }: Context, { output }: GetOptions): Promise<ExitCode> {
  const ledger = await api.ask<Ledger>("v1/lab/ledger");
  if (output === "json") screen.json(ledger);
  else screen.print(...ledgerLines(ledger, screen.paint));
  return 0;
}
