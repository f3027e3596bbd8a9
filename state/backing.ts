import type { Redis } from "ioredis";
import type { ReachableController } from "../domain/controllers.ts";
import type { Probing } from "../domain/probe/schedule.ts";
import type { LearningSettings } from "../domain/scaling/settings.ts";

/** What a process opens its resources on. Without `redis` every store lives in memory and is gone with the process. */
export interface Backing {
  readonly redis?: Redis;
  readonly controllers: readonly ReachableController[];
  /** 32 bytes, AES-256-GCM: seals the secrets of intents. */
  readonly sealKey: Buffer;
  /** Whom to measure, and how often. Absent: nobody. */
  readonly probing?: Probing;
  /** A cost map is published at least so often. Absent: every hour. */
  readonly costMapEveryMs?: number;
  /** How workloads are scaled, and with whom this process learns. */
  readonly learning?: LearningSettings;
}

/** Opens a store once for each backing: functions and services of one process that ask for it share it. */
export function sharedOn<T>(open: (backing: Backing) => T): (backing: Backing) => T {
  const opened = new WeakMap<Backing, { readonly store: T }>();
  return (backing) => {
    const known = opened.get(backing) ?? { store: open(backing) };
    opened.set(backing, known);
    return known.store;
  };
}
