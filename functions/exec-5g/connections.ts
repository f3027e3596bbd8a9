import type { ReachableController } from "../../domain/controllers.ts";
import type { Backing } from "../../state/backing.ts";
import { openTokens, type Tokens } from "../oauth.ts";
import { openPools, type Pools } from "../pools.ts";

/** Connections to the cores, and the tokens for them; one object a process. */
export interface FivegConnections extends Pools {
  readonly controllers: readonly ReachableController[];
  readonly tokens: Tokens;
}

export function openFivegConnections({ controllers }: Pick<Backing, "controllers">): FivegConnections {
  const { pool, close } = openPools(16);
  const tokens = openTokens();
  return { controllers, tokens, pool, close: () => Promise.all([tokens.close(), close()]).then(() => undefined) };
}
