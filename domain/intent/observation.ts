import { z } from "zod";

/** What a controller tells by itself of something that it carries, such as a 5G core of a flow. */
export const Observation = z.strictObject({
  executioner: z.string(),
  resource: z.string(),
  /** Unit at the end of the name: `roundTripDelayMs`, `uplinkBytes`. The latest value of a name is kept. */
  values: z.record(z.string(), z.number()),
  /** What is wrong with it, by code; null: what was wrong is right again. */
  conditions: z.record(z.string(), z.string().nullable()),
  at: z.iso.datetime(),
});
export type Observation = z.infer<typeof Observation>;

/** What was told so far, with what is told now: newer values replace older ones, and nothing that comes late does. */
export function observed(known: readonly Observation[], news: Observation): readonly Observation[] {
  const isSame = (o: Observation): boolean => o.executioner === news.executioner && o.resource === news.resource;
  const old = known.find(isSame);
  if (old === undefined) return [...known, withoutCleared(news)];
  if (news.at < old.at) return known;
  const merged = { ...news, values: { ...old.values, ...news.values }, conditions: { ...old.conditions, ...news.conditions } };
  return known.map((o) => (isSame(o) ? withoutCleared(merged) : o));
}

const withoutCleared = (o: Observation): Observation => ({
  ...o,
  conditions: Object.fromEntries(Object.entries(o.conditions).filter(([, reason]) => reason !== null)),
});
