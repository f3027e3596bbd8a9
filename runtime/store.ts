import { Redis } from "ioredis";
import { TransientError } from "./errors.ts";

/** What Redis answers while it cannot serve, and will again: it starts, fails over, is full, or cannot write to its disk. */
const passing = /^(?:LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|OOM|MISCONF|NOREPLICAS)\b/;

/** Everything but an answer is a fault of the way to Redis; of the answers only some pass by themselves. */
const isAway = (error: Error): boolean => error.name !== "ReplyError" || passing.test(error.message);

interface StoreOptions {
  readonly enableAutoPipelining?: boolean;
  /** Of a command, while the connection is down. */
  readonly maxRetriesPerRequest?: number;
  readonly retryStrategy?: (times: number) => number;
}

/** A connection to Redis whose commands fail with a TransientError while Redis is away, so that what needed them is tried again. */
export function openStore(url: string, options: StoreOptions = {}): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: 3, ...options });
  const send = redis.sendCommand.bind(redis);
  redis.sendCommand = (command, stream) => {
    const { reject } = command;
    command.reject = (error) =>
      reject(isAway(error) ? new TransientError("STORE_UNAVAILABLE", "the store does not answer", { cause: error }) : error);
    return send(command, stream);
  };
  return redis;
}
