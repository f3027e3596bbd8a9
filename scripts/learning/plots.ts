import type { Environment, Run } from "../../domain/learning/simulate.ts";
import { totalsOf } from "../../domain/learning/simulate.ts";
import type { Evaluation } from "./evaluation.ts";

/* Pictures for people: plain SVG, no script, colours that differ in brightness too (Okabe and Ito). */

const INK = "#222222";
const PALE = "#d8d8d8";
const COLOURS: Readonly<Record<string, string>> = {
  demand: "#999999",
  oracle: "#009e73",
  dqn: "#0072b2",
  "dqn-at-once": "#56b4e9",
  "hpa-calibrated": "#d55e00",
  "margin-rule": "#cc79a7",
};

const text = (x: number, y: number, words: string, more = ""): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" fill="${INK}" ${more}>${words.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</text>`;
const lineTo = (x1: number, y1: number, x2: number, y2: number, colour: string, width = 1): string =>
  `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="${colour}" stroke-width="${String(width)}"/>`;
const svg = (width: number, height: number, parts: readonly string[]): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(width)} ${String(height)}" width="${String(width)}" height="${String(height)}" font-family="sans-serif" font-size="13"><rect width="100%" height="100%" fill="white"/>${parts.join("\n")}</svg>\n`;

/** Steps of 1, 2 or 5 × 10ⁿ, about `count` of them. */
function niceStep(span: number, count: number): number {
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5, 10].find((step) => step * power >= rough) ?? 10) * power;
}

/** Score of each policy with its interval, 0 being the calibrated HPA and 1 the oracle. */
export function plotScores(title: string, { policies }: Evaluation): string {
  const [width, left, right, top, row] = [860, 170, 150, 64, 34];
  const shown = Object.entries(policies).filter(([, { normalised }]) => normalised.high > -2);
  const height = top + row * shown.length + 50;
  const least = Math.min(-0.2, ...shown.map(([, { normalised }]) => Math.max(-1.5, normalised.low)));
  const x = (score: number): number => left + ((Math.max(score, least) - least) / (1 - least)) * (width - left - right);
  const step = niceStep(1 - least, 7);
  const ticks = Array.from({ length: Math.floor(1 / step) - Math.ceil(least / step) + 1 }, (_, i) => (Math.ceil(least / step) + i) * step);
  return svg(width, height, [
    text(16, 26, title, 'font-size="16" font-weight="bold"'),
    text(16, 46, "normalised score: 0 = HPA calibrated in hindsight, 1 = oracle; IQM and 95 % interval"),
    ...ticks.flatMap((at) => [
      lineTo(x(at), top, x(at), height - 40, Math.abs(at) < 1e-9 ? INK : PALE),
      text(x(at), height - 22, at.toFixed(1), 'text-anchor="middle"'),
    ]),
    ...shown.flatMap(
      (
        [
          name,
          {
            normalised: { iqm, low, high },
          },
        ],
        i,
      ) => {
        const y = top + row * (i + 0.5);
        const colour = COLOURS[name] ?? "#666666";
        return [
          text(left - 12, y + 5, name, 'text-anchor="end"'),
          lineTo(x(low), y, x(high), y, colour, 4),
          `<circle cx="${x(iqm).toFixed(1)}" cy="${y.toFixed(1)}" r="6" fill="${colour}"/>`,
          text(width - right + 14, y + 5, `${iqm.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`),
        ];
      },
    ),
  ]);
}

/** Violation minutes and pod-hours of each policy: down and to the left is better. */
export function plotTradeOff(title: string, { policies }: Evaluation): string {
  const [width, height, left, bottom, top, right] = [860, 480, 90, 60, 64, 30];
  const points = Object.entries(policies).map(([name, { violationMinutes, podMinutes }]) => ({
    name,
    x: podMinutes / 60,
    y: violationMinutes,
  }));
  const [mostX, mostY] = [1.15 * Math.max(...points.map((p) => p.x)), 1.1 * Math.max(1, ...points.map((p) => p.y))];
  const x = (value: number): number => left + (value / mostX) * (width - left - right);
  const y = (value: number): number => height - bottom - (value / mostY) * (height - bottom - top);
  const [stepX, stepY] = [niceStep(mostX, 8), niceStep(mostY, 6)];
  const along = (most: number, step: number): number[] => Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
  const labels: number[] = [];
  const free = (at: number): number => {
    let place = at;
    while (labels.some((other) => Math.abs(other - place) < 15)) place -= 15;
    labels.push(place);
    return place;
  };
  return svg(width, height, [
    text(16, 26, title, 'font-size="16" font-weight="bold"'),
    text(16, 46, "what each policy costs: pods that run, and minutes beyond the objective"),
    ...along(mostX, stepX).flatMap((at) => [
      lineTo(x(at), top, x(at), height - bottom, PALE),
      text(x(at), height - bottom + 20, String(at), 'text-anchor="middle"'),
    ]),
    ...along(mostY, stepY).flatMap((at) => [
      lineTo(left, y(at), width - right, y(at), PALE),
      text(left - 8, y(at) + 5, String(at), 'text-anchor="end"'),
    ]),
    text((left + width) / 2, height - 12, "pod-hours", 'text-anchor="middle"'),
    text(0, 0, "violation minutes", `text-anchor="middle" transform="translate(24 ${String(height / 2)}) rotate(-90)"`),
    ...points
      .toSorted((a, b) => b.y - a.y)
      .flatMap(({ name, x: pods, y: violations }) => {
        const at = free(y(violations) + 5);
        const beyond = x(pods) > width - 190;
        const label = x(pods) + (beyond ? -34 : 34);
        return [
          lineTo(x(pods), y(violations), label + (beyond ? 4 : -4), at - 4, "#999999"),
          `<circle cx="${x(pods).toFixed(1)}" cy="${y(violations).toFixed(1)}" r="6" fill="${COLOURS[name] ?? "#666666"}"/>`,
          text(label, at, name, beyond ? 'text-anchor="end"' : ""),
        ];
      }),
  ]);
}

const SHOWN_DAYS = 1;

/** The busiest day: demand, and the pods of the learner, the calibrated HPA and the oracle. */
export function plotDay(title: string, demand: Float32Array, { runs }: Evaluation, environment: Environment): string {
  const day = Math.min(demand.length, (SHOWN_DAYS * 86_400_000) / environment.tickMs);
  const starts = Array.from({ length: Math.max(1, Math.floor(demand.length / day)) }, (_, i) => i * day);
  const busy = (from: number): number => demand.subarray(from, from + day).reduce((sum, x) => sum + x, 0);
  const from = starts.reduce((best, start) => (busy(start) > busy(best) ? start : best), 0);
  const [width, height, left, bottom, top, right] = [1100, 420, 60, 60, 84, 20];
  const drawn = (["hpa-calibrated", "dqn", "oracle"] as const).map((name) => ({ name, run: runs[name]?.[0] as Run }));
  const most =
    1 +
    Math.max(...drawn.map(({ run }) => Math.max(...run.pods.subarray(from, from + day))), Math.max(...demand.subarray(from, from + day)));
  const x = (t: number): number => left + (t / day) * (width - left - right);
  const y = (pods: number): number => height - bottom - (pods / most) * (height - bottom - top);
  const steps = (values: ArrayLike<number>): string =>
    Array.from({ length: day }, (_, t) => `${x(t).toFixed(1)},${y(values[from + t] ?? 0).toFixed(1)}`).join(" ");
  const hours = Math.round((day * environment.tickMs) / 3_600_000);
  const step = Math.max(1, niceStep(hours, 8));
  return svg(width, height, [
    text(16, 26, title, 'font-size="16" font-weight="bold"'),
    text(16, 46, "the busiest day: demand in pods of work, and pods that each policy ran; dots are violations"),
    ...Array.from({ length: most + 1 }, (_, n) =>
      [lineTo(left, y(n), width - right, y(n), PALE), text(left - 8, y(n) + 5, String(n), 'text-anchor="end"')].join(""),
    ),
    ...Array.from({ length: Math.floor(hours / step) + 1 }, (_, i) =>
      text(x((i * step * 3_600_000) / environment.tickMs), height - bottom + 20, `${String(i * step)} h`, 'text-anchor="middle"'),
    ),
    `<polyline fill="none" stroke="${COLOURS["demand"] ?? INK}" stroke-width="1" points="${steps(demand)}"/>`,
    ...drawn.flatMap(({ name, run }, i) => {
      const colour = COLOURS[name] ?? INK;
      const dots = Array.from({ length: day }, (_, t) => t).filter((t) => run.violated[from + t] === 1);
      const { violationMinutes, podMinutes } = totalsOf(run, environment, from, from + day);
      return [
        `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${steps(run.pods)}"/>`,
        ...dots.map((t) => `<circle cx="${x(t).toFixed(1)}" cy="${(top - 4 + 7 * i).toFixed(1)}" r="2.5" fill="${colour}"/>`),
        lineTo(left + 365 * i, height - 18, left + 26 + 365 * i, height - 18, colour, 3),
        text(
          left + 34 + 365 * i,
          height - 13,
          `${name}: ${(podMinutes / 60).toFixed(0)} pod-hours, ${violationMinutes.toFixed(1)} min violated`,
        ),
      ];
    }),
  ]);
}
