import type { Observed } from "../../domain/intent/adaptor.ts";
import type { NetworkSlice } from "../../domain/intent/catalogue/network-slice/payload.ts";
import type { Outcome } from "../../domain/outcome.ts";
import type { Nsc } from "./http.ts";

/** One way in which controllers serve the YANG module ietf-network-slice-service, for one slice service at a time. */
export interface Face {
  /** Why this face cannot carry the slice as it was asked for; undefined where it can. */
  lacks(wanted: NetworkSlice): string | undefined;
  observe(nsc: Nsc, wanted: NetworkSlice): Promise<Outcome<Observed>>;
  create(nsc: Nsc, wanted: NetworkSlice): Promise<Outcome<void>>;
  /** Makes what is there as wanted, whatever it is now. */
  change(nsc: Nsc, wanted: NetworkSlice): Promise<Outcome<void>>;
  /** Leaves no slice service of that id, and has made sure of it. */
  remove(nsc: Nsc, slice: string): Promise<Outcome<void>>;
}
