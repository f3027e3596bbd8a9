import { z } from "zod";
import { ok, type Outcome, refuse } from "./outcome.ts";

/** One controller that the operator lets executioners reach. An intent's `url` only selects among these by origin. */
export const Controller = z
  .strictObject({
    /** `tfs`, `l2sm`, or `cluster` for the Kubernetes API of a cluster that L2S-M manages. */
    executioner: z.string().min(1),
    /** As intents write it: scheme, host and port. */
    origin: z.url().transform((text) => new URL(text).origin),
    /** Where it is really reached, if not at its origin: a port-forward, a proxy, the lab. */
    connect: z.url().optional(),
    /**
     * TeraFlowSDN's face when the intent's url names none: tfs-api, webui or restconf. Of a network slice controller: rfc9543 (the
     * default), or tfs-slice for TeraFlowSDN's form of it.
     */
    face: z.enum(["tfs-api", "webui", "restconf", "rfc9543", "tfs-slice"]).optional(),
    /** HTTP Basic credentials and the PEM of a private CA, read from files by the host. */
    userFile: z.string().optional(),
    passwordFile: z.string().optional(),
    caFile: z.string().optional(),
    /** OAuth2 client credentials (RFC 6749 section 4.4): where a token is asked for, and by whom. Id and secret are read from files. */
    tokenUrl: z.url({ protocol: /^https?$/ }).optional(),
    clientIdFile: z.string().optional(),
    clientSecretFile: z.string().optional(),
    scope: z.string().min(1).optional(),
    /** Which Peering API: `autopeer` (bgp/autopeer, the default) calls a session's secret `md5`, `draft-01` (draft-ietf-grow-peering-api) `session_secret`. */
    dialect: z.enum(["autopeer", "draft-01"]).optional(),
    /** How a Peering API takes new sessions: the bare `array` that its OpenAPI declares (the default), or an `object` of them. */
    sessionsBody: z.enum(["array", "object"]).optional(),
    /** How a 5G core is asked: `nef` (3GPP TS 29.122 AsSessionWithQoS, the default) or `camara` (Quality on Demand 1.x). */
    exposure: z.enum(["nef", "camara"]).optional(),
    /** Whom the NEF knows us as, in the paths of its resources. */
    scsAsId: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/)
      .optional(),
    /** The IPv4 address of every subscriber that flows may be asked for, by SUPI: a NEF knows addresses, intents know SUPIs. */
    ues: z.record(z.string().regex(/^imsi-\d{15}$/), z.ipv4()).optional(),
    /** Where a 5G core is to send its notifications; the flow's name is added to its path. */
    notifyUrl: z.url({ protocol: /^https?$/ }).optional(),
    /** Bearer token for a Kubernetes API, read again for every call: the kubelet renews it in place. */
    tokenFile: z.string().optional(),
    /** Which cluster's API this is, as twins name it. */
    cluster: z.string().min(1).optional(),
  })
  .refine((c) => c.tokenUrl === undefined || (c.clientIdFile !== undefined && c.clientSecretFile !== undefined), {
    error: "a tokenUrl needs clientIdFile and clientSecretFile",
    path: ["tokenUrl"],
  });
export type Controller = z.infer<typeof Controller>;

/** A controller with its files read. */
export interface ReachableController {
  readonly executioner: string;
  readonly origin: string;
  readonly address: URL;
  readonly face?: "tfs-api" | "webui" | "restconf" | "rfc9543" | "tfs-slice";
  readonly user?: string;
  readonly password?: string;
  readonly ca?: string;
  /** Absent where the entry names no token endpoint. */
  readonly oauth?: OauthClient;
  readonly dialect?: "autopeer" | "draft-01";
  readonly sessionsBody?: "array" | "object";
  readonly exposure?: "nef" | "camara";
  readonly scsAsId?: string;
  readonly ues?: Readonly<Record<string, string>>;
  readonly notifyUrl?: URL;
  readonly tokenFile?: string;
  readonly cluster?: string;
}

/** What asks for tokens at an OAuth2 token endpoint, in its own name. */
export interface OauthClient {
  readonly tokenUrl: URL;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope?: string;
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
