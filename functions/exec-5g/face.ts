import type { Observed } from "../../domain/intent/adaptor.ts";
import type { Flow5g } from "../../domain/intent/catalogue/slice-5g-flow/payload.ts";
import type { Outcome } from "../../domain/outcome.ts";
import type { Core } from "./http.ts";

/** A flow as it is to be on a core. */
export interface Wanted {
  readonly flow: Flow5g;
  /** The subscriber's IPv4 address; undefined where the operator's entry does not know the subscriber (any more). */
  readonly ue: string | undefined;
  /** Where notifications go. The flow's name ends its path, and is what the flow is found again by: cores give names of their own. */
  readonly destination: string;
  /** Now, in milliseconds of the epoch. */
  readonly nowMs: number;
}

/** One of the interfaces over which cores can be asked for quality. */
export interface Face {
  /** Whether the core takes SUPIs as they are, so that nobody has to know a subscriber's address. */
  readonly knowsSubscribers?: boolean;
  observe(core: Core, wanted: Wanted): Promise<Outcome<Observed>>;
  /** Only where the flow was observed to be absent, and `ue` is known. */
  create(core: Core, wanted: KnownUe): Promise<Outcome<void>>;
  /** From whatever there is; `before` is what was asked last, for what no core shows. */
  change(core: Core, wanted: KnownUe, before: Flow5g | undefined): Promise<Outcome<void>>;
  /** Leaves nothing of that name. */
  remove(core: Core, wanted: Wanted): Promise<Outcome<void>>;
}

export type KnownUe = Wanted & { readonly ue: string };

/** The name at the end of a notification's URL: `…/notify/<name>`; undefined for somebody else's. */
export function nameIn(url: string | undefined): string | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  const last = /\/notify\/([^/]+)$/.exec(new URL(url).pathname)?.[1];
  try {
    return last === undefined ? undefined : decodeURIComponent(last);
  } catch {
    return undefined; // no UTF-8, so none of ours
  }
}

/** Seconds that the core is to keep the flow up; undefined: until it is taken away. */
export function durationS({ flow: { qosDurationS, stopTime }, nowMs }: Pick<Wanted, "flow" | "nowMs">): number | undefined {
  if (qosDurationS !== undefined || stopTime === undefined) return qosDurationS;
  return Math.max(1, Math.ceil((Date.parse(stopTime) - nowMs) / 1000));
}

/** With a stop alone the duration depends on the clock, so a core's answer does not tell one stop from another. */
export const stopMoved = (flow: Flow5g, before: Flow5g | undefined): boolean =>
  before !== undefined && flow.qosDurationS === undefined && flow.stopTime !== undefined && flow.stopTime !== before.stopTime;
