/** How many bytes of test traffic a node may still move in this hour, whichever way. */
export interface Budget {
  /** Sets bytes aside; false when there are not as many. */
  reserve(bytes: number): boolean;
  /** What was set aside and is not needed. */
  giveBack(bytes: number): void;
  spent(): number;
}

const HOUR_MS = 3_600_000;

export function openBudget(bytesPerHour: number, nowMs: () => number = () => performance.now()): Budget {
  let reserved: { readonly atMs: number; bytes: number }[] = [];
  const spent = (): number => {
    reserved = reserved.filter(({ atMs }) => nowMs() - atMs < HOUR_MS);
    return reserved.reduce((sum, { bytes }) => sum + bytes, 0);
  };
  return {
    spent,
    reserve(bytes) {
      if (spent() + bytes > bytesPerHour) return false;
      reserved.push({ atMs: nowMs(), bytes });
      return true;
    },
    giveBack(bytes) {
      const last = reserved.at(-1);
      if (last !== undefined) last.bytes -= Math.min(bytes, last.bytes);
    },
  };
}
