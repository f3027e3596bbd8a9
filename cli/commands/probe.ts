import type { Context, ExitCode, Output } from "../context.ts";
import type { Paint } from "../screen.ts";
import { table } from "../table.ts";
import type { LinkMeasured, LinkMeasurement } from "../wire.ts";

export interface ProbeOptions {
  readonly output: Output;
  readonly throughput: boolean;
}

/** Measures a link now. Exit code 1 where nothing at all came back. */
export async function probe({ api, screen }: Context, source: string, destination: string, options: ProbeOptions): Promise<ExitCode> {
  screen.progress(`measuring ${source} -> ${destination}`);
  const link = await api
    .ask<LinkMeasured>("v1/probes", {
      method: "POST",
      query: { source, destination, throughput: options.throughput ? "on" : "off" },
    })
    .finally(() => screen.progress());
  if (options.output === "json") screen.json(link);
  else screen.print(...probeLines(link, screen.paint));
  return link.measurements.some(({ metric, value }) => metric === "delay-rt" && value !== null) ? 0 : 1;
}

/** Three digits that count, and never a measured something shown as nothing. */
const figure = (value: number): string => String(value >= 100 ? Math.round(value) : Number(value.toPrecision(3)));

export function probeLines({ source, destination, measuredAt, measurements }: LinkMeasured, paint: Paint): readonly string[] {
  const name = ({ cluster, node, address }: LinkMeasured["source"]): string => `${cluster}/${node} (${address})`;
  const valueOf = ({ value, unit, ci95 }: LinkMeasurement): string =>
    value === null ? "–" : `${figure(value)} ${unit}${ci95 === undefined ? "" : ` ± ${figure(ci95)}`}`;
  return [
    `${name(source)} -> ${name(destination)}, ${measuredAt}`,
    "",
    ...table(
      measurements,
      [
        { title: "METRIC", of: (m) => m.metric },
        { title: "DIRECTION", of: (m) => m.direction },
        { title: "STATISTIC", of: (m) => m.statistic },
        { title: "VALUE", of: valueOf, style: (m) => (m.value === null ? "faint" : undefined) },
        { title: "N", of: (m) => m.n },
        { title: "FLOOR", of: (m) => (m.floor === null ? undefined : `${figure(m.floor)} ${m.unit}`) },
        { title: "METHOD", of: (m) => m.method },
        { title: "WHY NOT", of: (m) => (m.error === null ? undefined : `${m.error.code}: ${m.error.reason}`) },
      ],
      paint,
    ),
  ];
}
