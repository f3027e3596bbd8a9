import { Pool } from "undici";
import { type ReachableController, selectController } from "../../domain/controllers.ts";
import type { ScalingRecord } from "../../domain/scaling/record.ts";
import { PermanentError, TransientError } from "../../runtime/errors.ts";

/** Sets the replicas of what a decision is about. */
export interface Scaler {
  scale(record: ScalingRecord): Promise<void>;
  close(): Promise<void>;
}

const DEADLINE_MS = 5_000;
const MAX_BYTES = 64 << 10;

/** The resource under apps/v1 of every kind that has a scale subresource. */
const plurals: Readonly<Record<string, string>> = { Deployment: "deployments", StatefulSet: "statefulsets", ReplicaSet: "replicasets" };

/** RFC 1123, so that a name from an event cannot be a path. */
const label = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/;

/**
 * Over the scale subresource of a cluster's Kubernetes API, with a merge patch of `spec.replicas` alone. The only right that it needs is
 * `patch` on `deployments/scale` and `statefulsets/scale`. The controller is the one of executioner `scale` whose `cluster` is the
 * decision's, or the only one there is.
 */
export function openScaler(controllers: readonly ReachableController[]): Scaler {
  const pools = new Map<string, Pool>();
  const poolOf = ({ origin, address, ca }: ReachableController): Pool => {
    const pool =
      pools.get(origin) ??
      new Pool(address.origin, { connections: 4, connect: { timeout: DEADLINE_MS, ...(ca === undefined ? {} : { ca }) } });
    pools.set(origin, pool);
    return pool;
  };

  function target(record: ScalingRecord): { readonly controller: ReachableController; readonly path: string } {
    const { namespace = "", component, cluster } = record;
    const plural = plurals[component.kind];
    if (plural === undefined || !label.test(namespace) || !label.test(component.name))
      throw new PermanentError("SCALE_IMPOSSIBLE", `${record.workload} names nothing that has a scale subresource`);
    const named = controllers.find((one) => one.executioner === "scale" && one.cluster === cluster);
    const chosen = named ?? controllers.filter((one) => one.executioner === "scale" && one.cluster === undefined)[0];
    if (chosen === undefined) {
      const why = selectController(controllers, "scale");
      throw new PermanentError(
        "SCALE_IMPOSSIBLE",
        why.ok ? `no controller of executioner scale is for cluster ${String(cluster)}` : why.reason,
      );
    }
    const prefix = chosen.address.pathname.replace(/\/+$/, "");
    return { controller: chosen, path: `${prefix}/apis/apps/v1/namespaces/${namespace}/${plural}/${component.name}/scale` };
  }

  return {
    async scale(record) {
      const { controller, path } = target(record);
      const { token, address } = controller;
      const headers = {
        "content-type": "application/merge-patch+json",
        accept: "application/json",
        ...(token === undefined ? {} : { authorization: `Bearer ${token()}` }),
      };
      const body = JSON.stringify({ spec: { replicas: record.replicas } });
      const status = await send(poolOf(controller), { path, headers, body }, address.host);
      if (status >= 200 && status < 300) return;
      const what = `the Kubernetes API at ${address.host} answered ${String(status)} to the scale of ${record.workload}`;
      if (status >= 500 || status === 408 || status === 409 || status === 429) throw new TransientError("SCALE_UNAVAILABLE", what);
      throw new PermanentError("SCALE_REFUSED", status === 401 || status === 403 ? `${what}; check tokenFile and its role` : what);
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.close()));
    },
  };
}

async function send(
  pool: Pool,
  request: { readonly path: string; readonly headers: Record<string, string>; readonly body: string },
  host: string,
): Promise<number> {
  try {
    const { statusCode, body } = await pool.request({ method: "PATCH", ...request, signal: AbortSignal.timeout(DEADLINE_MS) });
    await body.dump({ limit: MAX_BYTES });
    return statusCode;
  } catch (cause) {
    throw new TransientError("SCALE_UNREACHABLE", `no answer from ${host}: check its controller's entry`, { cause });
  }
}
