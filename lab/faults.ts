import { z } from "zod";

const aim = {
  /** `tfs`, `l2sm-md`, `cluster:<name>`, `cluster:*` or `*`. */
  peer: z.string().min(1).default("*"),
  /** An operation's name as the ledger counts it, `mutating`, `reading` or `*`. */
  operation: z.string().min(1).default("*"),
  /** Matching requests that pass unharmed first. */
  skip: z.int().nonnegative().default(0),
  /** Strikes so often, then is gone; absent: until it is cleared. */
  times: z.int().positive().optional(),
};
/** Before the simulator's state changes, or after it has changed: the caller cannot tell the two apart. */
const when = z.enum(["before", "after"]).default("before");
const wait = z.int().nonnegative().max(3_600_000);

export const Fault = z.discriminatedUnion("kind", [
  z.strictObject({ ...aim, kind: z.literal("delay"), when, delayMs: wait }),
  z.strictObject({ ...aim, kind: z.literal("destroy"), when }),
  z.strictObject({ ...aim, kind: z.literal("hang"), when }),
  z.strictObject({ ...aim, kind: z.literal("status"), when, status: z.int().min(400).max(599) }),
  z.strictObject({ ...aim, kind: z.literal("grpc"), when, code: z.int().min(1).max(16), text: z.string().default("") }),
  /** TeraFlowSDN only: the service that the request configures stays PLANNED for so long. */
  z.strictObject({ ...aim, kind: z.literal("activate"), afterMs: wait }),
  /** TeraFlowSDN only: success, then failure. The service turns ACTIVE, and so long after that it is not any more. */
  z.strictObject({
    ...aim,
    kind: z.literal("fall-back"),
    afterMs: wait,
    to: z.enum(["SERVICESTATUS_UNDEFINED", "SERVICESTATUS_PLANNED", "SERVICESTATUS_SLA_VIOLATED"]).default("SERVICESTATUS_PLANNED"),
  }),
]);
export type Fault = z.infer<typeof Fault>;
export type FaultInput = z.input<typeof Fault>;

/** What ends a request otherwise than by its answer. */
export type Disruption = Extract<Fault, { kind: "destroy" | "hang" | "status" | "grpc" }>;
export type FallBack = Pick<Extract<Fault, { kind: "fall-back" }>, "afterMs" | "to">;

/** All that the declared faults do to one request. */
export interface Strike {
  readonly delayBeforeMs: number;
  readonly delayAfterMs: number;
  readonly disruption?: Disruption;
  readonly activateAfterMs?: number;
  readonly fallBack?: FallBack;
}

export interface DeclaredFault {
  readonly id: number;
  readonly fault: Fault;
  /** How often it struck. */
  readonly strikes: number;
}

export interface Faults {
  /** Throws where the declaration is not one. Answers the fault's id. */
  add(fault: FaultInput): number;
  list(): readonly DeclaredFault[];
  remove(id: number): boolean;
  clear(): void;
  /** Called by a simulator once per request; delays add up, of every other kind the oldest fault strikes. */
  strike(peer: string, operation: string, mutating: boolean): Strike;
}

const unharmed: Strike = Object.freeze({ delayBeforeMs: 0, delayAfterMs: 0 });

/** No chance anywhere: the same declarations and the same requests give the same strikes. */
export function openFaults(): Faults {
  let declared: { id: number; fault: Fault; strikes: number; passed: number }[] = [];
  let lastId = 0;

  return {
    add(input) {
      lastId += 1;
      declared.push({ id: lastId, fault: Fault.parse(input), strikes: 0, passed: 0 });
      return lastId;
    },
    list: () => declared.map(({ id, fault, strikes }) => ({ id, fault, strikes })),
    remove(id) {
      const before = declared.length;
      declared = declared.filter((d) => d.id !== id);
      return declared.length < before;
    },
    clear() {
      declared = [];
    },
    strike(peer, operation, mutating) {
      if (declared.length === 0) return unharmed;
      let strike: Strike = unharmed;
      for (const d of declared) {
        if (!aimsAt(d.fault, peer, operation, mutating)) continue;
        if (d.passed < d.fault.skip) {
          d.passed += 1;
          continue;
        }
        const struck = struckBy(strike, d.fault);
        if (struck === strike) continue; // an older fault of its kind had this request
        strike = struck;
        d.strikes += 1;
      }
      declared = declared.filter((d) => d.fault.times === undefined || d.strikes < d.fault.times);
      return strike;
    },
  };
}

function aimsAt(fault: Fault, peer: string, operation: string, mutating: boolean): boolean {
  if (fault.peer !== "*" && fault.peer !== peer && !(fault.peer === "cluster:*" && peer.startsWith("cluster:"))) return false;
  if (fault.operation === "*" || fault.operation === operation) return true;
  return fault.operation === (mutating ? "mutating" : "reading");
}

function struckBy(strike: Strike, fault: Fault): Strike {
  switch (fault.kind) {
    case "delay":
      return fault.when === "before"
        ? { ...strike, delayBeforeMs: strike.delayBeforeMs + fault.delayMs }
        : { ...strike, delayAfterMs: strike.delayAfterMs + fault.delayMs };
    case "destroy":
    case "hang":
    case "status":
    case "grpc":
      return strike.disruption === undefined ? { ...strike, disruption: fault } : strike;
    case "activate":
      return strike.activateAfterMs === undefined ? { ...strike, activateAfterMs: fault.afterMs } : strike;
    case "fall-back":
      return strike.fallBack === undefined ? { ...strike, fallBack: { afterMs: fault.afterMs, to: fault.to } } : strike;
    default:
      return fault satisfies never;
  }
}
