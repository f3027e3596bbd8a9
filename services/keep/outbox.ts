import type { Event } from "../../events/define.ts";
import type { EffectStore } from "../../state/effects.ts";

const OLD_MS = 30_000;
const BATCH = 100;

/**
 * Publishes results that were committed and may not have been published, because the worker died in between and the delivery that would
 * have come again is gone, as after a purge. Their ids are the ones of the first time, so that who has seen them drops them.
 */
export async function sweepOutbox(
  executioner: string,
  effects: EffectStore,
  publish: (events: readonly Event[]) => Promise<void>,
): Promise<number> {
  const late = await effects.unpublished(executioner, OLD_MS, BATCH);
  for (const { resource, result } of late) {
    const events = JSON.parse(result) as readonly Event[];
    await publish(events);
    await effects.published({ executioner, resource });
  }
  return late.length;
}
