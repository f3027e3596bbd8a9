import { ok, type Outcome, refuse } from "../outcome.ts";

/** Kubernetes' resource.Quantity: decimal SI, binary SI, or an exponent; apimachinery pkg/api/resource/quantity.go. */
const pattern = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d{1,3})|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei))?$/;

const multipliers: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * The number that a Quantity stands for: `250m` is 0.25, `23983932Ki` is 24559546368. The meta-orchestrator sends one field with a suffix
 * (capacity) and without one (allocatable) in the same message, and a JSON number is a Quantity too.
 */
export function parseQuantity(value: unknown): Outcome<number, "QUANTITY_INVALID"> {
  const text = typeof value === "number" ? String(value) : value;
  const [whole, digits, exponent, suffix] = typeof text === "string" ? (pattern.exec(text.trim()) ?? []) : [];
  if (whole === undefined || digits === undefined) return refuse("QUANTITY_INVALID", "not a Kubernetes quantity, as 250m, 4143584Ki or 12");
  const parsed = exponent === undefined ? Number(digits) * (multipliers[suffix ?? ""] ?? 1) : Number(digits + exponent);
  // Powers of ten have no exact double: what is meant is the nearest number with as many digits as people write.
  const number = suffix === "n" || suffix === "u" || suffix === "m" ? Number(parsed.toPrecision(15)) : parsed;
  return Number.isFinite(number) ? ok(number) : refuse("QUANTITY_INVALID", "larger than any quantity");
}
