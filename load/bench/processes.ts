import { existsSync, readdirSync, readFileSync } from "node:fs";

/** Linux counts in hundredths of a second, whatever the kernel's own tick is. */
const TICKS_A_SECOND = 100;
const MICROSECONDS_A_TICK = 1_000_000 / TICKS_A_SECOND;

export const canCount = existsSync("/proc/self/stat");

function statOf(pid: number): readonly string[] {
  try {
    const text = readFileSync(`/proc/${String(pid)}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" "); // the name before may hold anything
  } catch {
    return []; // it has ended
  }
}

/** CPU that a process and its threads have used so far, in microseconds. */
function cpuOf(pid: number): number {
  const stat = statOf(pid);
  return (Number(stat[11] ?? 0) + Number(stat[12] ?? 0)) * MICROSECONDS_A_TICK;
}

function busyOfMachine(): number {
  if (!canCount) return Number.NaN;
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (readFileSync("/proc/stat", "utf8").split("\n", 1)[0] ?? "")
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) * MICROSECONDS_A_TICK;
}

/** What a started server has started itself. */
function childrenOf(pids: readonly number[]): readonly number[] {
  if (!canCount) return [];
  const wanted = new Set(pids);
  const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return all.map(Number).filter((pid) => !wanted.has(pid) && wanted.has(Number(statOf(pid)[1] ?? 0)));
}

/** Who takes part in a run, by role. */
export type Roles = Readonly<Record<string, number>>;

export interface CpuUse {
  /** Microseconds by role. */
  readonly byRole: Readonly<Record<string, number>>;
  /** Cores that everybody else kept busy meanwhile. */
  readonly others: number;
}

/** Starts counting; the answer counts until now. */
export function countCpu(roles: Roles): () => CpuUse {
  const from = performance.now();
  const busyBefore = busyOfMachine();
  const before = new Map(Object.entries(roles).map(([role, pid]) => [role, cpuOf(pid)]));
  const helpers = childrenOf(Object.values(roles).filter((pid) => pid !== process.pid));
  const helpersBefore = helpers.reduce((sum, pid) => sum + cpuOf(pid), 0);
  return () => {
    const elapsedUs = (performance.now() - from) * 1000;
    const byRole = Object.fromEntries(Object.entries(roles).map(([role, pid]) => [role, cpuOf(pid) - (before.get(role) ?? 0)]));
    const own = Object.values(byRole).reduce((sum, us) => sum + us, 0);
    const ownHelpers = helpers.reduce((sum, pid) => sum + cpuOf(pid), 0) - helpersBefore;
    return { byRole, others: (busyOfMachine() - busyBefore - own - ownHelpers) / elapsedUs };
  };
}
