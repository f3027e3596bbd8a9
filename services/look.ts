import type { Observed } from "../domain/intent/adaptor.ts";
import type { Order } from "../domain/intent/order.ts";
import { type Outcome, refuse } from "../domain/outcome.ts";
import type { Executioner, Use } from "../functions/executioner.ts";
import type { SecretStore } from "../state/secrets.ts";

/** Looks at what controllers have, through the adaptors of the executioners, and changes nothing. */
export interface Looker {
  /** `lent`: secrets that are only here. What cannot be looked at now is a TransientError. */
  look(order: Order, lent?: ReadonlyMap<string, string>): Promise<Outcome<Observed>>;
  /** False for what leaves nothing behind that could be looked at. */
  isKept(order: Order): boolean;
}

interface LookerParts {
  readonly executioners: readonly { readonly executioner: Executioner; readonly resources: Readonly<Record<string, unknown>> }[];
  readonly secrets: SecretStore;
  readonly log: Use["log"];
}

const LOOK_TIMEOUT_MS = 20_000;
const nothing: ReadonlyMap<string, string> = new Map();

export function openLooker({ executioners, secrets, log }: LookerParts): Looker {
  const adaptorFor = ({ executioner }: Order, lent: ReadonlyMap<string, string>) => {
    const found = executioners.find((e) => e.executioner.executioner === executioner);
    if (found === undefined) return undefined;
    const opener: Pick<SecretStore, "open"> = { open: async (ref) => lent.get(ref) ?? (await secrets.open(ref)) };
    const resources = "secrets" in found.resources ? { ...found.resources, secrets: opener } : found.resources;
    return found.executioner.adaptor(resources, { signal: AbortSignal.timeout(LOOK_TIMEOUT_MS), log, exact: true });
  };
  return {
    look: async (order, lent = nothing) => {
      const adaptor = adaptorFor(order, lent);
      if (adaptor === undefined) return refuse("EXECUTIONER_UNKNOWN", `there is no function for orders of ${order.executioner}`);
      return adaptor.observe(order);
    },
    isKept: (order) => adaptorFor(order, nothing)?.keepsNothing !== true,
  };
}
