import type { Redis } from "ioredis";
import { Mode } from "../domain/learning/model.ts";
import { sharedOn } from "./backing.ts";
import { key } from "./keyspace.ts";

/** What an operator has set, where anything is set. */
export interface Switched {
  readonly killed: boolean;
  /** Of the workload, else of all. */
  readonly mode: Mode | undefined;
}

/** How far the learner may go: read with every decision, so that a switch holds from the next one on. */
export interface Switches {
  read(workload: string): Promise<Switched>;
  /** Every mode that is set: of all under "*", and by workload. */
  modes(): Promise<{ readonly killed: boolean; readonly modes: Readonly<Record<string, Mode>> }>;
  /** Of one workload, or of all that have none of their own. */
  setMode(mode: Mode, workload?: string): Promise<void>;
  kill(killed: boolean): Promise<void>;
}

const EVERY = "*";
const modeOf = (text: string | null | undefined): Mode | undefined => (text === null || text === undefined ? undefined : Mode.parse(text));

export function redisSwitches(redis: Redis): Switches {
  return {
    async read(workload) {
      const [killed, own, every] = await redis.hmget(key.switches(), "kill", `mode:${workload}`, `mode:${EVERY}`);
      return { killed: killed === "1", mode: modeOf(own ?? every) };
    },
    async modes() {
      const { kill, ...fields } = await redis.hgetall(key.switches());
      const modes = Object.entries(fields).map(([field, mode]) => [field.slice("mode:".length), Mode.parse(mode)] as const);
      return { killed: kill === "1", modes: Object.fromEntries(modes) };
    },
    async setMode(mode, workload = EVERY) {
      await redis.hset(key.switches(), `mode:${workload}`, mode);
    },
    async kill(killed) {
      if (killed) await redis.hset(key.switches(), "kill", "1");
      else await redis.hdel(key.switches(), "kill");
    },
  };
}

export function memorySwitches(): Switches {
  const modes = new Map<string, Mode>();
  let isKilled = false;
  return {
    read: (workload) => Promise.resolve({ killed: isKilled, mode: modes.get(workload) ?? modes.get(EVERY) }),
    modes: () => Promise.resolve({ killed: isKilled, modes: Object.fromEntries(modes) }),
    setMode: (mode, workload = EVERY) => Promise.resolve(void modes.set(workload, mode)),
    kill: (killed) => Promise.resolve(void (isKilled = killed)),
  };
}

export const openSwitches = sharedOn(({ redis }): Switches => (redis === undefined ? memorySwitches() : redisSwitches(redis)));
