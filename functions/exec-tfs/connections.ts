import type { ReachableController } from "../../domain/controllers.ts";
import type { Backing } from "../../state/backing.ts";
import { openPools, type Pools } from "../pools.ts";

/** Connections to the controllers; one object a process. */
export interface TfsConnections extends Pools {
  readonly controllers: readonly ReachableController[];
}

/** TeraFlowSDN's ingress allows a source 50 connections and answers 503 to more. */
const CONNECTIONS = 48;

export const openTfsConnections = ({ controllers }: Pick<Backing, "controllers">): TfsConnections => ({
  controllers,
  ...openPools(CONNECTIONS),
});
