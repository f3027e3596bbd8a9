import type { Event, EventType } from "../events/define.ts";

/** A CloudEvent whose data has been checked against the catalogue: `data` is present and typed. */
export type Received<T> = Event<T> & { readonly data: T };

export type Events = readonly Event[];

type Log = (fields: object, phrase: string) => void;

export interface Scope<R = Readonly<Record<string, unknown>>> {
  readonly resources: R;
  readonly now: () => Date;
  /** Aborts when the time for this event is up; handed to every call that leaves the process. */
  readonly signal: AbortSignal;
  readonly log: Readonly<Record<"debug" | "info" | "warn" | "error", Log>>;
  /** True when the host will not try this event again: the time to undo what was begun. */
  readonly lastAttempt: boolean;
  /** Marks a step boundary, so that a crash test can stop the process exactly there. */
  readonly reached: (step: string) => void;
}

/** Why a host gave an event up: the code of the last fault, and what to tell. */
export interface Fault {
  readonly code: string;
  readonly reason: string;
}

/** How each store or client is opened, once a process; called by the host, never by the import of a handler. */
type Openers<B = never> = Readonly<Record<string, (backing: B) => unknown>>;
type Opened<O extends Openers> = { readonly [K in keyof O]: ReturnType<O[K]> };
/** What all the openers together need. */
type BackingOf<O extends Openers> = [keyof O] extends [never] ? unknown : O[keyof O] extends (backing: infer B) => unknown ? B : unknown;
/** Extension attributes that must match, as `{ executioner: "tfs" }`. */
export type Where = Readonly<Record<string, string>>;

/** A type of event; with `where`, only those of its events that match it besides the function's own. */
export interface Consumed<T = unknown> extends EventType<T> {
  readonly where?: Where;
}

/** Of a type that others consume, too, the events that match. */
export const only = <T>(type: EventType<T>, where: Where): Consumed<T> => ({ ...type, where });

/** What an event of this type must match for the function to get it. */
export const whereOf = (fn: { readonly where?: Where }, { where }: Consumed): Where => ({ ...fn.where, ...where });

type DataOf<E> = E extends EventType<infer T> ? T : never;

/** Manifest and handler in one object: stack.yml, triggers, bindings and AsyncAPI are generated from it. */
interface FunctionSpec<On extends readonly Consumed[], In, O, R> {
  readonly name: string;
  readonly summary: string;
  readonly on: On;
  readonly emits: readonly { readonly type: string }[];
  readonly resources: O;
  /** For debugging: left out where a platform counts functions (OpenFaaS CE takes 15), and run by hand or in one process instead. */
  readonly isDebugAid?: boolean;
  /** What every event of every type must match. */
  readonly where?: Where;
  /** A cron expression, for what a clock starts. */
  readonly every?: string;
  readonly timeoutMs?: number;
  /** Events in work at once in one process, which is also the queue's prefetch. */
  readonly concurrency?: number;
  handle(event: Received<In>, scope: Scope<R>): Events | Promise<Events>;
  /** After everything that `handle` returned is confirmed by the broker, before the acknowledgement. */
  settled?(event: Received<In>, scope: Scope<R>): Promise<void>;
  /** What to tell the world when the host gives the event up, so that nothing waits for ever. */
  exhausted?(event: Received<In>, fault: Fault): Events;
}

/** A function as hosts see it: the types of its data and resources are its own business, checked by `defineFunction`. */
export type HostedFunction<B> = FunctionSpec<readonly Consumed[], unknown, Openers<B>, Readonly<Record<string, unknown>>>;

export const defineFunction = <const On extends readonly Consumed[], O extends Openers>(
  spec: FunctionSpec<On, DataOf<On[number]>, O, Opened<O>>,
): HostedFunction<BackingOf<O>> =>
  // The host validates data against `on` and opens `resources` before it calls `handle`, which is what makes the erasure sound.
  spec as unknown as HostedFunction<BackingOf<O>>;
