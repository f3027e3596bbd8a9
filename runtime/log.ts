import pino, { type DestinationStream, type Logger } from "pino";
import type { Event } from "../events/define.ts";
import type { Scope } from "./function.ts";
import { traceIdOf } from "./trace.ts";

export type { Logger } from "pino";

/** `redact` censors what slips through; what keeps secrets out is that nobody logs an intent or an order. */
export const openLog = (level: string, to?: DestinationStream): Logger =>
  pino({ level, base: null, redact: { paths: ["intent", "order", "*.bearer_token", "*.api_key", "*.token"], censor: "[redacted]" } }, to);

/** A log for one event. The child is made when something is said: most events have nothing to say at the level in force. */
export function eventLog(log: Logger, fn: string, event: Event): Scope["log"] {
  let child: Logger | undefined;
  const bound = (): Logger =>
    (child ??= log.child({ fn, ceType: event.type, ceId: event.id, correlationId: event["correlationid"], traceId: traceIdOf(event) }));
  const at = (level: "debug" | "info" | "warn" | "error") => (fields: object, phrase: string) => {
    if (log.isLevelEnabled(level)) bound()[level](fields, phrase);
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
