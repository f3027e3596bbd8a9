import { Pool } from "undici";
import type { ReachableController } from "../domain/controllers.ts";

/** Kept-alive HTTP connections, a pool for each controller's address, opened at first use. */
export interface Pools {
  pool(controller: ReachableController): Pool;
  close(): Promise<void>;
}

/** `connections` is how many calls one controller gets at once. */
export function openPools(connections: number): Pools {
  const pools = new Map<string, Pool>();
  return {
    pool({ address, ca }) {
      const known = pools.get(address.origin);
      if (known !== undefined) return known;
      const connect = { timeout: 5_000, ...(ca === undefined ? {} : { ca }) };
      const opened = new Pool(address.origin, { connections, keepAliveTimeout: 30_000, connect });
      pools.set(address.origin, opened);
      return opened;
    },
    async close() {
      const open = [...pools.values()];
      pools.clear();
      await Promise.all(open.map((pool) => pool.close()));
    },
  };
}
