const comparisons: Readonly<Record<string, (cost: number, target: number) => boolean>> = {
  gt: (cost, target) => cost > target,
  lt: (cost, target) => cost < target,
  ge: (cost, target) => cost >= target,
  le: (cost, target) => cost <= target,
  eq: (cost, target) => cost === target,
};

/** Whether a pair's costs, in the order of the cost types that may be tested, are wanted. */
export type Test = (costs: ArrayLike<number>) => boolean;

const FORM = /^\s*(?:\[(\d{1,3})\]\s*)?(gt|lt|ge|le|eq)\s+(-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?)\s*$/;

/**
 * `ge 5` (RFC 7285 §11.3.2.3), or `[1] ge 5` for the second of several cost types (RFC 8189). A cost that is not there meets nothing.
 * Undefined where the text is no constraint, or names a cost type beyond the `testable` ones.
 */
export function readConstraint(text: string, testable: number): Test | undefined {
  const [, index = "0", operator = "", target = ""] = FORM.exec(text) ?? [];
  const compare = comparisons[operator];
  const place = Number(index);
  if (compare === undefined || place >= testable) return undefined;
  const value = Number(target);
  return (costs) => compare(costs[place] ?? Number.NaN, value);
}
