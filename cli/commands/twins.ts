import type { Twin } from "../../domain/twin/model.ts";
import type { Api } from "../client.ts";
import { type Context, type ExitCode, idPath, type Output } from "../context.ts";
import { Failure } from "../failure.ts";
import { twinLines, twinTable } from "../twin-views.ts";
import { follow } from "./watch.ts";

export interface TwinFilter {
  readonly user?: string;
  readonly workload?: string;
  readonly cluster?: string;
  readonly namespace?: string;
}

type Wide = Output | "wide";

const PAGE = 500;

async function everyTwin(api: Api, filter: TwinFilter & { readonly status?: string | undefined }): Promise<readonly Twin[]> {
  const twins: Twin[] = [];
  let after: string | undefined;
  do {
    const page: { readonly twins: readonly Twin[]; readonly next?: string } = await api.ask("v1/twins", {
      query: { ...filter, after, limit: PAGE },
    });
    if (page.next !== undefined && page.next === after) throw new Failure([`${api.server.href} gives the same page again and again`]);
    twins.push(...page.twins);
    after = page.next;
  } while (after !== undefined);
  return twins;
}

export async function getTwins(
  { api, screen }: Context,
  { output, ...filter }: TwinFilter & { readonly output: Wide; readonly status?: string },
): Promise<ExitCode> {
  const twins = await everyTwin(api, filter);
  if (output === "json") screen.json({ twins });
  else screen.print(...twinTable(twins, screen.paint, { isWide: output === "wide", nowMs: Date.now() }));
  return 0;
}

/** By workload or by the twin's own id. */
export async function getTwin({ api, screen }: Context, id: string, { output }: { readonly output: Output }): Promise<ExitCode> {
  const found = await api.ask<{ readonly twins: readonly Twin[] }>(idPath("twins", id));
  if (output === "json") screen.json(found);
  else screen.print(...found.twins.flatMap((twin, i) => [...(i === 0 ? [] : [""]), ...twinLines(twin, screen.paint, Date.now())]));
  return 0;
}

export async function watchTwins(
  context: Context,
  { output, type, user, workload, cluster, namespace }: TwinFilter & { readonly output: Output; readonly type?: string },
): Promise<ExitCode> {
  return follow(context, { path: "v1/twins/events", query: { type, user, workload, cluster, namespace }, output });
}
