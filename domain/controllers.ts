import { z } from "zod";
import { ok, type Outcome, refuse } from "./outcome.ts";

/** One controller that the operator lets executioners reach. An intent's `url` only selects among these by origin. */
export const Controller = z.strictObject({
  /** `tfs`, `l2sm`, or `cluster` for the Kubernetes API of a cluster that L2S-M manages. */
  executioner: z.string().min(1),
  /** As intents write it: scheme, host and port. */
  origin: z.url().transform((text) => new URL(text).origin),
  /** Where it is really reached, if not at its origin: a port-forward, a proxy, the lab. */
  connect: z.url().optional(),
  /** TeraFlowSDN's face when the intent's url names none: tfs-api, webui or restconf. */
  face: z.enum(["tfs-api", "webui", "restconf"]).optional(),
  /** HTTP Basic credentials and the PEM of a private CA, read from files by the host. */
  userFile: z.string().optional(),
  passwordFile: z.string().optional(),
  caFile: z.string().optional(),
});
export type Controller = z.infer<typeof Controller>;

/** A controller with its files read. */
export interface ReachableController {
  readonly executioner: string;
  readonly origin: string;
  readonly address: URL;
  readonly face?: "tfs-api" | "webui" | "restconf";
  readonly user?: string;
  readonly password?: string;
  readonly ca?: string;
}

export type ControllerRefusal = "CONTROLLER_NOT_ALLOWED" | "CONTROLLER_UNKNOWN";

/** Exact by origin; without a url the executioner's first controller. */
export function selectController(
  controllers: readonly ReachableController[],
  executioner: string,
  url?: string,
): Outcome<ReachableController, ControllerRefusal> {
  const served = controllers.filter((c) => c.executioner === executioner);
  const [first] = served;
  if (first === undefined) return refuse("CONTROLLER_UNKNOWN", `no controller is configured for ${executioner}`);
  if (url === undefined) return ok(first);
  const origin = URL.canParse(url) ? new URL(url).origin : undefined;
  const chosen = served.find((c) => c.origin === origin);
  if (chosen !== undefined) return ok(chosen);
  const allowed = served.map((c) => c.origin).join(", ");
  return refuse("CONTROLLER_NOT_ALLOWED", `${origin ?? "that url"} is not among the origins allowed for ${executioner}: ${allowed}`);
}
