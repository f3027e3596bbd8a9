import { Pool } from "undici";
import type { ReachableController } from "../../domain/controllers.ts";
import type { Backing } from "../../state/backing.ts";
import { openTokens, type Tokens } from "../oauth.ts";

/** Kept-alive connections to the cores, opened at first use, and the tokens for them; one object a process. */
export interface FivegConnections {
  readonly controllers: readonly ReachableController[];
  readonly tokens: Tokens;
  pool(controller: ReachableController): Pool;
  close(): Promise<void>;
}

export function openFivegConnections({ controllers }: Pick<Backing, "controllers">): FivegConnections {
  const pools = new Map<string, Pool>();
  const tokens = openTokens();
  return {
    controllers,
    tokens,
    pool({ origin, address, ca }) {
      const known = pools.get(origin);
      if (known !== undefined) return known;
      const connect = { timeout: 5_000, ...(ca === undefined ? {} : { ca }) };
      const pool = new Pool(address.origin, { connections: 16, keepAliveTimeout: 30_000, connect });
      pools.set(origin, pool);
      return pool;
    },
    async close() {
      const open = [...pools.values()];
      pools.clear();
      await Promise.all([tokens.close(), ...open.map((pool) => pool.close())]);
    },
  };
}
