import type { ReachableController } from "../../domain/controllers.ts";
import type { Backing } from "../../state/backing.ts";
import { openPools, type Pools } from "../pools.ts";

/** Connections to the controllers; one object a process. */
export interface NscConnections extends Pools {
  readonly controllers: readonly ReachableController[];
}

/** One of the two is TeraFlowSDN, whose ingress allows a source 50 connections and answers 503 to more. */
const CONNECTIONS = 48;

export const openNscConnections = ({ controllers }: Pick<Backing, "controllers">): NscConnections => ({
  controllers,
  ...openPools(CONNECTIONS),
});
