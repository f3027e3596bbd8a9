import { isIPv4, isIPv6 } from "node:net";
import { z } from "zod";

export type Dialect = "autopeer" | "draft-01";
/** The three ways in which the specification contradicts itself about errors: its example, its FieldError, its ErrorResponse. */
export type ErrorShape = "example" | "field-error" | "nested";

export interface FieldError {
  readonly name: string;
  readonly reasons: readonly string[];
}

export function errorsBody(errors: readonly FieldError[], shape: ErrorShape): unknown {
  const fields = errors.map(({ name, reasons }) => (shape === "example" ? { name, messages: reasons } : { name, errors: reasons }));
  return shape === "nested" ? { errors: fields } : fields;
}

const asn = z.int().min(1).max(4_294_967_295);
const address = z.string().refine((text) => isIPv4(text) || isIPv6(text), "not an IP address");
const LocationType = z.enum(["private", "public"]);
const Location = z.strictObject({ id: z.string().regex(/^pdb:ix:\d+$/), type: LocationType });
export type Location = z.infer<typeof Location>;

const common = {
  local_asn: asn,
  local_ip: address,
  peer_asn: asn,
  peer_ip: address.optional(),
  peer_type: LocationType,
  location: Location,
};
// Declared on Session, which is also the item of a request: a client may send them back.
const servers = { status: z.string().optional(), session_id: z.string().optional() };

/** RFC 9234 4.2: Provider 0 and Customer 3, RS 1 and RS-Client 2, Peer 4 and Peer. */
const rolePairs = new Set(["0-3", "3-0", "1-2", "2-1", "4-4"]);
const role = z.int().min(0).max(4);

const AutopeerRequest = z.strictObject({ ...common, ...servers, md5: z.string().min(1).optional() });
const DraftRequest = z
  .strictObject({
    ...common,
    ...servers,
    session_secret: z.string().min(1).optional(),
    local_bgp_role: role,
    peer_bgp_role: role,
    local_insert_asn: z.boolean().default(true),
    peer_insert_asn: z.boolean().default(true),
    local_monitoring_session: z.boolean().default(false),
    peer_monitoring_session: z.boolean().default(false),
  })
  .refine((s) => rolePairs.has(`${String(s.local_bgp_role)}-${String(s.peer_bgp_role)}`), {
    error: "violates RFC 9234",
    path: ["local_bgp_role"],
  })
  .refine((s) => !(s.local_monitoring_session && s.peer_monitoring_session), { error: "both sides", path: ["local_monitoring_session"] });

/** A requested session in the words of its dialect, the secret taken out. */
export interface Requested {
  readonly fields: Readonly<Record<string, unknown>> & z.infer<z.ZodObject<typeof common>>;
  readonly secret: string | undefined;
}

export type ReadSession = { readonly ok: true; readonly value: Requested } | { readonly ok: false; readonly errors: readonly FieldError[] };

/** A field that the dialect does not have is an error: `session_secret` at an autopeer server, `md5` at one of the draft. */
export function readSession(candidate: unknown, dialect: Dialect): ReadSession {
  const read = (dialect === "draft-01" ? DraftRequest : AutopeerRequest).safeParse(candidate);
  if (!read.success) {
    const errors = read.error.issues.map(({ path, message, ...issue }) => ({
      name: String(path[0] ?? ("keys" in issue ? (issue.keys as string[])[0] : "session")),
      reasons: [message],
    }));
    return { ok: false, errors };
  }
  const { status: _status, session_id: _id, peer_ip: _ip, ...rest } = read.data;
  const { md5, session_secret, ...fields } = rest as typeof rest & { readonly md5?: string; readonly session_secret?: string };
  return { ok: true, value: { fields, secret: md5 ?? session_secret } };
}
