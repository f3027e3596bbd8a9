import type { TsnInput } from "../../domain/tsn/formats/network.ts";
import type { Link, Problem } from "../../domain/tsn/model.ts";
import { durationText, rateText } from "../../domain/tsn/render/labels.ts";
import type { Certificate, Fault, Schedule, Statistics, Verdict } from "../../domain/tsn/schedule.ts";
import { type Paint, printable } from "../screen.ts";
import { table } from "../table.ts";

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const count = (n: number, one: string, more = `${one}s`): string => `${String(n)} ${n === 1 ? one : more}`;

/** What a person wants to know of a verdict; `scheduled` at length. */
export function verdictLines(verdict: Verdict, input: TsnInput, paint: Paint): readonly string[] {
  switch (verdict.verdict) {
    case "scheduled":
      return [
        `${paint("scheduled", "good")}: ${countsOf(verdict.schedule)}, ${howText(verdict.statistics)}`,
        "",
        ...scheduleLines(verdict.schedule, input.problem, paint),
      ];
    case "infeasible":
      return [...certificateLines(verdict.certificate, paint), "", `found by ${howText(verdict.statistics)}`];
    case "undecided":
      return [
        `${paint("undecided", "busy")}: ${count(verdict.unscheduled.length, "stream")} of ${String(input.problem.streams.length)} found no place, and nothing proves that there is none`,
        `  no place for  ${listed(verdict.unscheduled)}`,
        `  the others    ${countsOf(verdict.best)}, a valid schedule`,
        `  search        ${howText(verdict.statistics)}`,
        "",
        ...table(
          verdict.blocking.slice(0, 10),
          [
            { title: "CONTENDED LINK", of: (b) => b.link },
            { title: "LOAD", of: (b) => percent(b.utilisation) },
            { title: "REFUSED THERE", of: (b) => listed(b.streams) },
          ],
          paint,
        ),
      ];
    default:
      return verdict satisfies never;
  }
}

const countsOf = ({ streams, ports }: Schedule): string => `${count(streams.length, "stream")} over ${count(ports.length, "port")}`;

const howText = ({ stage, iterations, seed, iterationBudget }: Statistics): string =>
  `${count(iterations, "attempt")} of ${String(iterationBudget)} (${stage}, seed ${String(seed)})`;

const MOST_LISTED = 6;
const listed = (names: readonly string[]): string =>
  printable(names.slice(0, MOST_LISTED).join(", ")) +
  (names.length > MOST_LISTED ? `, and ${String(names.length - MOST_LISTED)} more` : "");

/** More rows than these are no help on a screen; `-o json` has all. */
const MOST_ROWS = 60;

export function scheduleLines(schedule: Schedule, problem: Problem, paint: Paint): readonly string[] {
  const streams = new Map(problem.streams.map((stream) => [stream.id, stream]));
  const links = new Map(problem.links.map((link) => [link.id, link]));
  const rows = schedule.streams.slice(0, MOST_ROWS);
  const ports = schedule.ports.slice(0, MOST_ROWS);
  return [
    ...table(
      rows,
      [
        { title: "STREAM", of: (s) => s.id },
        { title: "FROM", of: (s) => streams.get(s.id)?.talker },
        { title: "TO", of: (s) => streams.get(s.id)?.listeners.join(", ") },
        { title: "EVERY", of: (s) => durationText(streams.get(s.id)?.intervalNs ?? 0) },
        { title: "OFFSET", of: (s) => durationText(s.members[0]?.hops[0]?.startNs ?? 0) },
        { title: "LATENCY", of: (s) => durationText(s.latencyNs) },
        { title: "OF", of: (s) => durationText(streams.get(s.id)?.maxLatencyNs ?? 0) },
        { title: "JITTER", of: (s) => durationText(s.jitterNs) },
        { title: "TREES", of: (s) => (s.members.length === 1 ? undefined : s.members.length) },
      ],
      paint,
    ),
    ...left(schedule.streams.length - rows.length, "stream"),
    "",
    ...table(
      ports,
      [
        { title: "PORT", of: (p) => portText(links.get(p.link)) ?? p.link },
        { title: "RATE", of: (p) => rateText(links.get(p.link)?.rateMbps ?? 0) },
        { title: "CYCLE", of: (p) => durationText(p.cycleNs) },
        { title: "ENTRIES", of: (p) => `${String(p.entries.length)} of ${String(links.get(p.link)?.gates.maxEntries ?? 0)}` },
        { title: "BEST EFFORT", of: (p) => percent(p.bestEffortShare) },
      ],
      paint,
    ),
    ...left(schedule.ports.length - ports.length, "port"),
  ];
}

const left = (n: number, what: string): readonly string[] =>
  n > 0 ? [`… and ${count(n, `${what} more`, `${what}s more`)}: -o json has all`] : [];
const portText = (link: Link | undefined): string | undefined => (link === undefined ? undefined : `${link.from} → ${link.to}`);

const models: Readonly<Record<Certificate["model"], string>> = {
  "any-model": "no schedule of any kind exists",
  "strictly-periodic": "no schedule exists in which every frame of a stream has the same offset",
  "no-wait": "no schedule exists in which frames do not wait in bridges",
};

/** What the network would have to be, or the streams, for the proof to fall. */
const ways: Readonly<Partial<Record<Certificate["kind"], string>>> = {
  unreachable: "join the two with links in this direction, or correct the names",
  redundancy: "ask for fewer trees, or add a link that makes another path",
  latency: "allow more latency, raise the rates on the way, or shorten it",
  utilisation: "raise the link's rate, send less often, or move streams to another way",
  "pair-gcd": "make one interval a multiple of the other, or the frames shorter",
  "harmonic-packing": "move a stream to another way, make frames shorter, or send less often",
  "residue-packing": "make the intervals multiples of one another, or the frames shorter",
  "conflict-set": "take one of these streams out, allow more latency, or raise the rates of these links",
};

/** Whom the proof is about, and where. */
function concerned(certificate: Certificate): string {
  const who =
    "streams" in certificate
      ? `streams ${listed(certificate.streams)}`
      : `stream ${listed([certificate.stream])} to ${listed([certificate.listener])}`;
  if ("links" in certificate && certificate.links.length > 0) return `${who}, on ${listed(certificate.links)}`;
  return "link" in certificate ? `${who}, on ${listed([certificate.link])}` : who;
}

function certificateLines(certificate: Certificate, paint: Paint): readonly string[] {
  const { kind, model, reason } = certificate;
  return [
    `${paint("infeasible", "bad")}: ${models[model]}`,
    `  for          ${concerned(certificate)}`,
    `  because      ${printable(reason)}`,
    `  way out      ${ways[kind] ?? "take one of these streams out, send less often, or allow more latency"}`,
    `  certificate  ${JSON.stringify(certificate)}`,
  ];
}

export function faultLines(faults: readonly Fault[], schedule: Schedule, paint: Paint): readonly string[] {
  if (faults.length === 0) return [`${paint("valid", "good")}: ${countsOf(schedule)}, every frame walked through every gate`];
  const shown = faults.slice(0, MOST_ROWS);
  return [
    `${paint("not valid", "bad")}: ${count(faults.length, "fault")}`,
    "",
    ...table(
      shown,
      [
        { title: "FAULT", of: (f) => f.kind },
        { title: "STREAM", of: (f) => f.stream },
        { title: "LINK", of: (f) => f.link },
        { title: "AT", of: (f) => (f.atNs === undefined ? undefined : durationText(f.atNs)) },
        { title: "WHAT", of: (f) => f.reason },
      ],
      paint,
    ),
    ...left(faults.length - shown.length, "fault"),
  ];
}
