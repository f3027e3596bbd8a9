import type { Answer } from "../http-gate.ts";

/** Every refusal of Kubernetes is a `Status` object. */
export const failure = (
  code: number,
  reason: string | undefined,
  message: string,
  details?: object,
): Answer & { readonly body: object } => ({
  status: code,
  body: {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code,
  },
});

export const unauthorized = failure(401, "Unauthorized", "Unauthorized");

/** Of a path that names no resource. */
export const noSuchResource = failure(404, "NotFound", "the server could not find the requested resource");

export const notFound = (resource: string, name: string): Answer => failure(404, "NotFound", `${resource} "${name}" not found`, { name });
