import { Pool } from "undici";
import type { ReachableController } from "../../domain/controllers.ts";
import type { Backing } from "../../state/backing.ts";

/** Kept-alive connections to the controllers, opened at first use; one object a process. */
export interface NscConnections {
  readonly controllers: readonly ReachableController[];
  pool(controller: ReachableController): Pool;
  close(): Promise<void>;
}

export function openNscConnections({ controllers }: Pick<Backing, "controllers">): NscConnections {
  const pools = new Map<string, Pool>();
  return {
    controllers,
    pool(controller) {
      const known = pools.get(controller.origin);
      if (known !== undefined) return known;
      const pool = new Pool(controller.address.origin, {
        // TeraFlowSDN's ingress allows a source 50 connections and answers 503 to more.
        connections: 48,
        keepAliveTimeout: 30_000,
        connect: { timeout: 5_000, ...(controller.ca === undefined ? {} : { ca: controller.ca }) },
      });
      pools.set(controller.origin, pool);
      return pool;
    },
    async close() {
      const open = [...pools.values()];
      pools.clear();
      await Promise.all(open.map((pool) => pool.close()));
    },
  };
}
