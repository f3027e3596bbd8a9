/** A frame of one link in each of its intervals. */
interface Load {
  readonly period: number;
  readonly length: number;
}

const MOST_STATES = 200_000;

/**
 * Can frames of intervals that divide each other be dealt out to the turns of the shortest? Goes through all fillings at once, one interval
 * after the other: what matters of a filling is how much room each turn has left, and turns of one kind may be swapped.
 */
export function canPack(loads: readonly Load[]): "yes" | "no" | "cut-off" {
  const periods = [...new Set(loads.map((l) => l.period))].toSorted((a, b) => a - b);
  const [shortest] = periods;
  if (shortest === undefined) return "yes";
  if (periods.some((p, i) => i > 0 && p % (periods[i - 1] as number) !== 0)) return "cut-off";
  const longest = periods.at(-1) as number;
  // A filling of interval p: room of each of its p / shortest turns, sorted. Longer intervals see it several times over.
  let fillings: ReadonlyMap<string, readonly number[]> = new Map([[String(shortest), [shortest]]]);
  for (const [i, period] of periods.entries()) {
    const copies = i === 0 ? 1 : period / (periods[i - 1] as number);
    let open = new Map<string, readonly number[]>();
    for (const rooms of fillings.values()) {
      const spread = Array.from({ length: copies }, () => rooms).flat();
      open.set(
        spread.toSorted((a, b) => a - b).join(" "),
        spread.toSorted((a, b) => a - b),
      );
    }
    const own = loads.filter((l) => l.period === period).toSorted((a, b) => b.length - a.length);
    let needed = own.reduce((sum, l) => sum + l.length, 0) + laterNeed(loads, period, longest);
    for (const load of own) {
      const next = new Map<string, readonly number[]>();
      for (const rooms of open.values()) {
        if (rooms.reduce((sum, r) => sum + r, 0) < needed - 1e-9) continue;
        for (const [at, room] of rooms.entries()) {
          if (room < load.length || rooms[at - 1] === room) continue;
          const after = rooms.with(at, room - load.length).toSorted((a, b) => a - b);
          next.set(after.join(" "), after);
        }
        if (next.size > MOST_STATES) return "cut-off";
      }
      needed -= load.length;
      open = next;
    }
    fillings = open;
  }
  return fillings.size > 0 ? "yes" : "no";
}

/** What the loads of longer intervals take of one interval of this length, on average. */
const laterNeed = (loads: readonly Load[], period: number, longest: number): number =>
  period === longest ? 0 : loads.filter((l) => l.period > period).reduce((sum, l) => sum + (l.length * period) / l.period, 0);
