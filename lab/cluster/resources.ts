import { z } from "zod";

/** The kinds that L2S-M's operator brings to a cluster (`l2sm.l2sm.k8s.local/v1`). */
export const group = "l2sm.l2sm.k8s.local";

const Provider = z.looseObject({
  name: z.string(),
  domain: z.union([z.string(), z.array(z.string())]), // one text up to v1.2.8, a list from v1.2.12
});

const kinds = {
  l2networks: {
    kind: "L2Network",
    spec: z.looseObject({ type: z.enum(["ext-vnet", "vnet", "vlink"]), provider: Provider.optional() }),
  },
  networkedgedevices: {
    kind: "NetworkEdgeDevice",
    spec: z.looseObject({ provider: Provider.optional(), networkController: Provider.optional() }),
  },
  overlays: {
    kind: "Overlay",
    spec: z.looseObject({
      provider: Provider.optional(),
      networkController: Provider.optional(),
      topology: z
        .looseObject({
          nodes: z.array(z.string()),
          links: z.array(z.looseObject({ endpointA: z.string(), endpointB: z.string() })).optional(),
        })
        .optional(),
    }),
  },
} as const;

export type Plural = keyof typeof kinds;
export const plurals = Object.keys(kinds) as readonly Plural[];
export const kindOf = (plural: Plural): string => kinds[plural].kind;

export interface Manifest {
  readonly name: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec: Readonly<Record<string, unknown>>;
}

export type Reading =
  | { readonly ok: true; readonly manifest: Manifest }
  /** 400: of another version or no object at all; 422: an object that is not valid, of another kind for one. */
  | { readonly ok: false; readonly status: 400 | 422; readonly name: string; readonly message: string };

const Envelope = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string().default("") }),
  spec: z.unknown(),
});

/** RFC 1123 label, as a network's name becomes one in DNS. */
const label = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** Which of L2S-M's definitions a cluster has: before v1.2.12 the provider of overlays and devices was called `networkController`, and required. */
export type Generation = "1.2.8" | "1.2.12";

const required: Readonly<Record<Generation, string>> = { "1.2.8": "networkController", "1.2.12": "provider" };

export function readManifest(plural: Plural, body: unknown, generation?: Generation): Reading {
  const { kind, spec } = kinds[plural];
  const envelope = Envelope.safeParse(body);
  if (!envelope.success) return { ok: false, status: 400, name: "", message: "the object provided is unrecognized" };
  const { apiVersion, kind: given, metadata } = envelope.data;
  const { name } = metadata;
  if (apiVersion !== `${group}/v1`)
    return {
      ok: false,
      status: 400,
      name,
      message: `the API version in the data (${apiVersion}) does not match the expected API version (${group}/v1)`,
    };
  const invalid = (why: string): Reading => ({ ok: false, status: 422, name, message: `${kind}.${group} "${name}" is invalid: ${why}` });
  if (given !== kind) return invalid(`kind: Invalid value: "${given}": must be ${kind}`);
  if (name === "") return invalid("metadata.name: Required value: name or generateName is required");
  if (!label.test(name))
    return invalid(
      `metadata.name: Invalid value: "${name}": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
    );
  const read = spec.safeParse(envelope.data.spec ?? {});
  if (!read.success) return invalid(read.error.issues.map((i) => `spec.${i.path.join(".")}: ${i.message}`).join(", "));
  const lacking =
    generation === undefined || plural === "l2networks" || required[generation] in read.data ? undefined : required[generation];
  if (lacking !== undefined) return invalid(`spec.${lacking}: Required value`);
  return { ok: true, manifest: { name, metadata, spec: read.data } };
}
