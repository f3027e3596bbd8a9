import { z } from "zod";
import type { Answer } from "../http-gate.ts";
import type { StoredObject } from "./resources.ts";
import { failure } from "./status.ts";

/** `autoscaling/v1` Scale of a Deployment. */
export function scaleOf(deployment: StoredObject): object {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = deployment.metadata;
  const { replicas } = deployment["spec"] as { replicas: number };
  const { replicas: current = 0 } = deployment["status"] as { replicas?: number };
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas },
    status: { replicas: current, selector: `app=${name}` },
  };
}

/** The whole object (PUT), or a merge patch of it. */
const Asked = z.object({
  metadata: z.object({ resourceVersion: z.string().optional() }).optional(),
  spec: z.object({ replicas: z.int().min(0).max(2_147_483_647) }),
});

export function readScale(
  body: unknown,
  deployment: StoredObject,
): { readonly ok: true; readonly replicas: number } | { readonly ok: false; readonly answer: Answer } {
  const { name, resourceVersion } = deployment.metadata;
  const read = Asked.safeParse(body);
  if (!read.success) return { ok: false, answer: failure(422, "Invalid", `Scale "${name}" is invalid: ${z.prettifyError(read.error)}`) };
  const seen = read.data.metadata?.resourceVersion;
  if (seen !== undefined && seen !== resourceVersion) {
    const message = `Operation cannot be fulfilled on deployments.apps "${name}": the object has been modified; please apply your changes to the latest version and try again`;
    return { ok: false, answer: failure(409, "Conflict", message, { name }) };
  }
  return { ok: true, replicas: read.data.spec.replicas };
}
