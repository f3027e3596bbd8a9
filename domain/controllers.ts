import { z } from "zod";
import { ok, type Outcome, refuse } from "./outcome.ts";

/** `100-199,300` as pairs of first and last. */
export const vlanRanges = (text: string): readonly (readonly [number, number])[] =>
  text.split(",").map((part) => {
    const [from = 0, to = from] = part.split("-").map(Number);
    return [from, to];
  });
const vlans = z
  .string()
  .regex(/^\d{1,4}(?:-\d{1,4})?(?:\s*,\s*\d{1,4}(?:-\d{1,4})?)*$/, "VLANs such as 100-199,300")
  .refine((text) => vlanRanges(text).every(([from, to]) => from >= 1 && from <= to && to <= 4094), "VLANs from 1 to 4094, the lower first");

/** One controller that the operator lets executioners reach. An intent's `url` only selects among these by origin. */
export const Controller = z
  .strictObject({
    /**
     * `tfs`, `l2sm`, …, or `cluster` for the Kubernetes API of a cluster that L2S-M manages. Of the twins' sources: `kubernetes` (the API whose
     * pods are watched), `linkerd`, `kubelet`, `kube-state-metrics`, `prometheus`.
     */
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
    /**
     * How a 5G core is asked: `nef` (3GPP TS 29.122 AsSessionWithQoS, the default), `camara` (Quality on Demand 1.x), or `cumucore` (Cumucore's own
     * dataflows, at `dataflows`).
     */
    exposure: z.enum(["nef", "camara", "cumucore"]).optional(),
    /** Of `cumucore`: the path of its collection of dataflows, below its address. No public text has it. */
    dataflows: z
      .string()
      .regex(/^(?:\/[A-Za-z0-9._~-]+)+$/, "a path such as /api/v1.0/dataflows")
      .optional(),
    /** Whom the NEF knows us as, in the paths of its resources. */
    scsAsId: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/)
      .optional(),
    /** The IPv4 address of every subscriber that flows may be asked for, by SUPI: a NEF knows addresses, intents know SUPIs. */
    ues: z.record(z.string().regex(/^imsi-\d{15}$/), z.ipv4()).optional(),
    /** What a subscriber may have in all; absent: as much as is asked for. */
    ueCapacityMbps: z.strictObject({ ul: z.number().positive().optional(), dl: z.number().positive().optional() }).optional(),
    /** Of a RESTCONF server: the data resources that intents may have below them, as paths of RFC 8040; absent: none. */
    roots: z.array(z.string().min(1)).optional(),
    /** What the ports of its nodes carry, and which VLANs they are open for (`100-199,300`). Intents that do not fit are refused before any effect. */
    ports: z
      .array(
        z.strictObject({
          node: z.string().min(1),
          port: z.string().min(1),
          bandwidthGbps: z.number().positive().optional(),
          vlans: vlans.optional(),
        }),
      )
      .optional(),
    /** The delay that the paths between its nodes have at least, and what they carry each way. */
    paths: z
      .array(
        z.strictObject({
          between: z.tuple([z.string().min(1), z.string().min(1)]),
          latencyMs: z.number().positive().optional(),
          bandwidthGbps: z.number().positive().optional(),
        }),
      )
      .optional(),
    /**
     * Which probe stands at which of its nodes, as `cluster/node`: what is measured between two of them is the capacity of the path between
     * those nodes, where none is declared.
     */
    probes: z
      .record(z.string().min(1), z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]*\/[a-zA-Z0-9][a-zA-Z0-9._-]*$/, "cluster/node"))
      .optional(),
    /** Where a 5G core is to send its notifications; the flow's name is added to its path. */
    notifyUrl: z.url({ protocol: /^https?$/ }).optional(),
    /** Which cluster a Kubernetes API or a source of the twins belongs to, by the name that twins have. */
    cluster: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/)
      .optional(),
    /** The bearer token of a Kubernetes API, read from a file by the host, anew for each request. */
    tokenFile: z.string().optional(),
    /** Of `linkerd`: the pods' addresses that may be scraped directly, as 10.42.0.0/16. Absent: by way of the API server's proxy. */
    podCidr: z.cidrv4().optional(),
    /** Of `kubelet`: where usage is read from. `cadvisor` is the default. */
    usage: z.enum(["cadvisor", "resource", "summary"]).optional(),
  })
  .refine((c) => c.tokenUrl === undefined || (c.clientIdFile !== undefined && c.clientSecretFile !== undefined), {
    error: "a tokenUrl needs clientIdFile and clientSecretFile",
    path: ["tokenUrl"],
  })
  .refine((c) => (c.exposure === "cumucore") === (c.dataflows !== undefined), {
    error: "the exposure cumucore and dataflows belong together",
    path: ["dataflows"],
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
  readonly exposure?: "nef" | "camara" | "cumucore";
  readonly dataflows?: string;
  readonly scsAsId?: string;
  readonly ues?: Readonly<Record<string, string>>;
  readonly notifyUrl?: URL;
  readonly ueCapacityMbps?: NonNullable<Controller["ueCapacityMbps"]>;
  readonly roots?: readonly string[];
  readonly ports?: NonNullable<Controller["ports"]>;
  readonly paths?: NonNullable<Controller["paths"]>;
  readonly probes?: NonNullable<Controller["probes"]>;
  readonly cluster?: string;
  /** The bearer token of a Kubernetes API, as its file has it now: the kubelet renews a projected token in place. Throws where the file is away. */
  readonly token?: () => string;
  readonly podCidr?: string;
  readonly usage?: "cadvisor" | "resource" | "summary";
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
