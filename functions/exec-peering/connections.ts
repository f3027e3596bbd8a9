import type { ReachableController } from "../../domain/controllers.ts";
import type { Backing } from "../../state/backing.ts";
import { openTokens, type Tokens } from "../oauth.ts";
import { openPools, type Pools } from "../pools.ts";

/** Connections to Peering APIs, and the tokens that they take; one object a process. */
export interface PeeringConnections extends Pools {
  readonly controllers: readonly ReachableController[];
  readonly tokens: Tokens;
}

export function openPeeringConnections({ controllers }: Pick<Backing, "controllers">): PeeringConnections {
  const { pool, close } = openPools(16);
  const tokens = openTokens();
  return { controllers, tokens, pool, close: () => Promise.all([tokens.close(), close()]).then(() => undefined) };
}
