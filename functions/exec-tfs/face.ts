import type { Observed } from "../../domain/intent/adaptor.ts";
import type { L2vpn } from "../../domain/intent/catalogue/tfs-l2vpn/payload.ts";
import type { Outcome } from "../../domain/outcome.ts";
import type { Tfs } from "./http.ts";

/** One of TeraFlowSDN's north-bound interfaces, for one service at a time. */
export interface Face {
  /** Creating a service that is there already is refused, and changes nothing. */
  readonly createProvesAbsence: boolean;
  /** `exact` false may take a fault for an absent service: only for a caller that creates next, since creating tells them apart. */
  observe(tfs: Tfs, wanted: L2vpn, exact: boolean): Promise<Outcome<Observed>>;
  create(tfs: Tfs, wanted: L2vpn): Promise<Outcome<void>>;
  /** TeraFlowSDN only adds and overwrites, so what the order no longer wants is taken from what differs. */
  change(tfs: Tfs, wanted: L2vpn, differs: readonly string[]): Promise<Outcome<void>>;
  /** Whether a change would leave something behind that the order does not want: then the service is removed and made anew. */
  mustMakeAnew(differs: readonly string[]): boolean;
  /** Leaves no service of that name, and has made sure of it. */
  remove(tfs: Tfs, service: string): Promise<Outcome<void>>;
}
