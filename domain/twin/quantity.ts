const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
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

/** A Kubernetes resource quantity in its base unit, cores or bytes: `250m`, `128Mi`, `1e3`. Null where it is none. */
export function quantityOf(text: unknown): number | null {
  if (typeof text === "number") return Number.isFinite(text) && text >= 0 ? text : null;
  if (typeof text !== "string") return null;
  const [, digits, exponent, suffix] = /^(\d+\.?\d*|\.\d+)(?:([eE][+-]?\d{1,2})|([numkMGTPE]|[KMGTPE]i))?$/.exec(text) ?? [];
  if (digits === undefined) return null;
  // Through text, so that 250m is 0.25 and not 250 × 0.001.
  const scale = SUFFIXES[suffix ?? ""];
  if (scale === undefined) return null;
  return scale < 1 ? Number(`${digits}e${String(Math.round(Math.log10(scale)))}`) : Number(`${digits}${exponent ?? ""}`) * scale;
}
