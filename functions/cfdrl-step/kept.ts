import { z } from "zod";
import { emptyMemory, type Memory } from "../../domain/learning/model.ts";
import type { Pending } from "../../domain/scaling/experience.ts";

const number = z.number();

/** What a workload's last decision leaves for the next one: all state of the act path, as JSON in the store. */
export interface Kept {
  readonly takenAtMs: number;
  readonly memory: Memory;
  /** Estimated: what one pod serves at its CPU limit. */
  readonly podRequestsPerSecond?: number | undefined;
  readonly pending: readonly Pending[];
}

const Recommendations = z.array(z.strictObject({ atMs: number, replicas: number }));
const Changes = z.array(z.strictObject({ atMs: number, by: number }));
const Shadow = z.strictObject({
  ready: number,
  starting: z.array(number),
  backlog: number,
  moved: number,
  recommendations: Recommendations,
  changes: Changes,
});

const Shape: z.ZodType<Kept> = z.strictObject({
  takenAtMs: number,
  memory: z.strictObject({
    demand: z.array(number),
    recommendations: Recommendations,
    changes: Changes,
    standing: z.strictObject({ advantage: number, hpa: Shadow, learner: Shadow }).exactOptional(),
  }),
  podRequestsPerSecond: number.optional(),
  pending: z.array(
    z.strictObject({ features: z.array(number), centre: number, pods: number, action: number, reward: number, steps: number }),
  ),
});

const nothing: Kept = { takenAtMs: Number.NEGATIVE_INFINITY, memory: emptyMemory, pending: [] };

/** What another version of this software kept otherwise is as good as nothing. */
export const keptFrom = (text: string | undefined): Kept => (text === undefined ? nothing : Shape.catch(nothing).parse(JSON.parse(text)));
