import type { Problem } from "../model.ts";
import type { PortSchedule, Schedule } from "../schedule.ts";
import { type Port, portsOfBridges } from "./ports.ts";
import { nextCycleNs } from "./times.ts";

/** iproute2 6.1 sends 1024 octets of entries, installs the first 31 of a longer list, and ends with 0. */
const MAX_ENTRIES = 31;

interface TaprioOptions {
  /** Ns from the PTP epoch. */
  readonly baseTimeNs?: bigint;
  /** Only this bridge. */
  readonly bridge?: string;
}

/** A shell script that gives each port its gate control list, as Linux bridges take it: `tc qdisc replace … taprio`. */
export function taprioScript(problem: Problem, schedule: Schedule, { baseTimeNs = 0n, bridge }: TaprioOptions = {}): string {
  const lists = new Map(schedule.ports.map((port) => [port.link, port]));
  const blocks = portsOfBridges(problem)
    .filter((one) => bridge === undefined || one.bridge.id === bridge)
    .flatMap((one) => {
      const commands = one.ports.flatMap((port) => {
        const list = port.egress === undefined ? undefined : lists.get(port.egress.id);
        return list === undefined ? [] : [commandOf(port, list, baseTimeNs)];
      });
      return commands.length === 0 ? [] : [`# bridge ${oneLine(one.bridge.id)}`, ...commands, ""];
    });
  return [
    "#!/bin/sh",
    "# Gate control lists for Linux (sch_taprio), for iproute2 6.1 and later. After each command compare what `tc qdisc show dev PORT` prints:",
    "# where a list is not taken in full, tc may say so on stderr alone.",
    "set -e",
    "",
    ...blocks,
  ].join("\n");
}

function commandOf({ name, egress }: Port, { cycleNs, entries }: PortSchedule, baseTimeNs: bigint): string {
  const queues = egress?.queues ?? 8;
  const map = Array.from({ length: 16 }, (_, priority) => (priority < 8 ? Math.min(priority, queues - 1) : 0));
  const mask = 2 ** queues - 1;
  const notes = [
    ...(entries.length > MAX_ENTRIES
      ? [
          `# ${String(entries.length)} entries: iproute2 6.1 would install the first ${String(MAX_ENTRIES)} only. Use a later one, or shorten the list.`,
        ]
      : []),
    ...(entries.some(({ operation }) => operation !== "set-gate-states")
      ? ["# Holding and releasing the MAC is left out: iproute2 6.1 knows neither. Preemption then needs a guard band."]
      : []),
  ];
  return [
    ...notes,
    `tc qdisc replace dev ${shellWord(name)} parent root handle 100 taprio num_tc ${String(queues)} map ${map.join(" ")} \\`,
    `  queues ${Array.from({ length: queues }, (_, queue) => `1@${String(queue)}`).join(" ")} \\`,
    `  base-time ${String(nextCycleNs(baseTimeNs, cycleNs))} cycle-time ${String(cycleNs)} \\`,
    ...entries.map(({ gateStates, intervalNs }) => `  sched-entry S ${hexadecimal(gateStates & mask)} ${String(intervalNs)} \\`),
    "  flags 0x0 clockid CLOCK_TAI",
  ].join("\n");
}

const hexadecimal = (states: number): string => states.toString(16).padStart(2, "0");

/** Names of nodes and ports come from a file that somebody else may have written: none of it may become a command. */
const oneLine = (text: string): string => text.replaceAll(/[^\x20-\x7E]/g, "?");
const shellWord = (text: string): string => (/^[A-Za-z0-9_./:-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`);
