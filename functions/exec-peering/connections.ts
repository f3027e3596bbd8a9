import { Pool } from "undici";
import type { ReachableController } from "../../domain/controllers.ts";
import type { Backing } from "../../state/backing.ts";
import { openTokens, type Tokens } from "../oauth.ts";

/** Kept-alive connections to Peering APIs, opened at first use, and the tokens that they take; one object a process. */
export interface PeeringConnections {
  readonly controllers: readonly ReachableController[];
  readonly tokens: Tokens;
  pool(controller: ReachableController): Pool;
  close(): Promise<void>;
}

export function openPeeringConnections({ controllers }: Pick<Backing, "controllers">): PeeringConnections {
  const pools = new Map<string, Pool>();
  const tokens = openTokens();
  return {
    controllers,
    tokens,
    pool({ origin, address, ca }) {
      const connect = { timeout: 5_000, ...(ca === undefined ? {} : { ca }) };
      const pool = pools.get(origin) ?? new Pool(address.origin, { connections: 16, keepAliveTimeout: 30_000, connect });
      pools.set(origin, pool);
      return pool;
    },
    async close() {
      const open = [...pools.values()];
      pools.clear();
      await Promise.all([...open.map((pool) => pool.close()), tokens.close()]);
    },
  };
}
