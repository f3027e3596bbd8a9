import { z } from "zod";
import { type ConfigRule, Service } from "./messages.ts";
import type { Course, StoredService, TfsStore } from "./store.ts";

/** The part of RFC 8466 that the handler reads; it is looser than the YANG module, which a real TeraFlowSDN checks first. */
const VpnService = z.looseObject({ "vpn-id": z.string().min(1), "customer-name": z.string().optional() });
const Access = z.looseObject({
  "vpn-attachment": z.looseObject({ "vpn-id": z.string().min(1) }),
  bearer: z.looseObject({ "bearer-reference": z.string() }),
  connection: z.looseObject({
    "encapsulation-type": z.string(),
    "tagged-interface": z
      .looseObject({
        type: z.string().default("priority-tagged"),
        "dot1q-vlan-tagged": z.looseObject({ "tg-type": z.string().default("c-vlan"), "cvlan-id": z.int().min(1).max(4094) }).optional(),
      })
      .optional(),
  }),
  // TeraFlowSDN's own YANG rejects the SLO leaves that its handler would read
  service: z
    .looseObject({ "svc-mtu": z.int().default(1500), "svc-input-bandwidth": z.never().optional(), qos: z.never().optional() })
    .default({ "svc-mtu": 1500 }),
});
type Access = z.infer<typeof Access>;
const Site = z.looseObject({
  "site-id": z.string(),
  management: z.looseObject({ type: z.string() }),
  "site-network-accesses": z.looseObject({ "site-network-access": z.array(Access) }),
});
const L2vpnSvc = z.looseObject({
  "vpn-services": z.looseObject({ "vpn-service": z.array(VpnService).default([]) }).default({ "vpn-service": [] }),
  sites: z.looseObject({ site: z.array(Site).default([]) }).default({ site: [] }),
});
export type L2vpnSvc = z.infer<typeof L2vpnSvc>;

/** `invalid` is what YANG validation would not let through, `unexpected` a body under no known top key. */
export type L2vpnBody = { readonly kind: "invalid" } | { readonly kind: "unexpected" } | { readonly kind: "read"; readonly svc: L2vpnSvc };

const wrapper = "ietf-l2vpn-svc:l2vpn-svc";

export function readL2vpn(body: unknown): L2vpnBody {
  if (typeof body !== "object" || body === null) return { kind: "invalid" };
  const fields = body as Record<string, unknown>;
  if (wrapper in fields) return parsed(fields[wrapper]);
  if ("ietf-l2vpn-svc:vpn-service" in fields) return parsed({ "vpn-services": { "vpn-service": fields["ietf-l2vpn-svc:vpn-service"] } });
  return { kind: "unexpected" };
}

/** The bodies of a PUT of one VPN: the wrapper, or a list of them. It updates what exists; VPNs that the body declares are not created. */
export function readL2vpnUpdate(body: unknown): readonly L2vpnBody[] {
  const services = z.looseObject({ "ietf-l2vpn-svc:l2vpn-services": z.looseObject({ "l2vpn-svc": z.array(z.unknown()) }) }).safeParse(body);
  if (services.success) return services.data["ietf-l2vpn-svc:l2vpn-services"]["l2vpn-svc"].map(parsed).map(sitesOnly);
  const one = readL2vpn(body);
  return [one.kind === "read" && !(wrapper in (body as object)) ? { kind: "unexpected" } : sitesOnly(one)];
}

const sitesOnly = (body: L2vpnBody): L2vpnBody =>
  body.kind === "read" ? { kind: "read", svc: { ...body.svc, "vpn-services": { "vpn-service": [] } } } : body;

/** The accesses of one site, alone as OSM sends them or within the full wrapper. */
export function readAccesses(siteId: string, body: unknown): L2vpnBody {
  const alone = z.looseObject({ "ietf-l2vpn-svc:site-network-access": z.array(z.unknown()) }).safeParse(body);
  if (!alone.success) return sitesOnly(readL2vpn(body));
  const accesses = alone.data["ietf-l2vpn-svc:site-network-access"].map(completed);
  return parsed({
    sites: {
      site: [{ "site-id": siteId, management: { type: "provider-managed" }, "site-network-accesses": { "site-network-access": accesses } }],
    },
  });
}

function parsed(svc: unknown): L2vpnBody {
  const read = L2vpnSvc.safeParse(svc);
  return read.success ? { kind: "read", svc: read.data } : { kind: "invalid" };
}

/** OSM writes the encapsulation its own way. */
function completed(access: unknown): unknown {
  const osm = z.looseObject({ connection: z.looseObject({ "encapsulation-type": z.string() }) }).safeParse(access);
  if (!osm.success) return access;
  const { connection } = osm.data;
  const encapsulation = connection["encapsulation-type"] === "dot1q-vlan-tagged" ? "vlan" : "ethernet";
  const tagged = z.looseObject({}).safeParse(connection["tagged-interface"]);
  const tag = tagged.success ? { "tagged-interface": { type: "dot1q", ...tagged.data } } : {};
  return { ...osm.data, connection: { ...connection, "encapsulation-type": encapsulation, ...tag } };
}

/** The NBI's handler: a bare service a VPN, then one update an access. Answers the errors; what went well before one stays. */
export function applyL2vpn(store: TfsStore, svc: L2vpnSvc, course: Course): readonly object[] {
  const errors: object[] = [];
  for (const vpn of svc["vpn-services"]["vpn-service"]) {
    const isOsm = vpn["customer-name"]?.trim().toLowerCase() === "osm";
    const service_type = isOsm ? "SERVICETYPE_L3NM" : "SERVICETYPE_L2NM";
    const stored = store.create(serviceOf(vpn["vpn-id"], { service_type, service_status: { service_status: "SERVICESTATUS_PLANNED" } }));
    if (!stored.ok) errors.push({ error: stored.reason });
  }
  for (const site of svc.sites.site) {
    if (withoutPrefix(site.management.type) !== "provider-managed") throw new Error(`Site Management Type: ${site.management.type}`);
    for (const access of site["site-network-accesses"]["site-network-access"]) {
      const error = applyAccess(store, access, course);
      if (error !== undefined) errors.push({ error });
    }
  }
  return errors;
}

function applyAccess(store: TfsStore, access: Access, course: Course): string | undefined {
  const vpnId = access["vpn-attachment"]["vpn-id"];
  const reference = access.bearer["bearer-reference"];
  const colon = reference.indexOf(":");
  if (colon < 0) return `Bearer(${reference}) not found; unable to auto-generated mapping`;
  const device = reference.slice(0, colon);
  const endpoint = reference.slice(colon + 1);

  const { "encapsulation-type": encapsulation, "tagged-interface": tagged } = access.connection;
  if (withoutPrefix(encapsulation) !== "vlan") return `EncapsulationType(${encapsulation}) not supported`;
  if (tagged !== undefined && withoutPrefix(tagged.type) !== "dot1q") return `TaggedInterfaceType(${tagged.type}) not supported`;
  const vlan = tagged?.["dot1q-vlan-tagged"];
  if (vlan !== undefined && withoutPrefix(vlan["tg-type"]) !== "c-vlan") return `TagType(${vlan["tg-type"]}) not supported`;

  const known = store.find("admin", vpnId);
  if (known === undefined) return `VPN(${vpnId}) not found in database`;
  const shared = { mtu: access.service["svc-mtu"], ...(vlan === undefined ? {} : { vlan_id: vlan["cvlan-id"] }) };
  const clash = differing(known, shared);
  if (clash !== undefined) return clash;
  const own = vlan === undefined ? {} : { vlan_id: vlan["cvlan-id"] };
  const updated = store.update(
    serviceOf(vpnId, {
      service_endpoint_ids: [{ device_id: { device_uuid: { uuid: device } }, endpoint_uuid: { uuid: endpoint } }],
      service_config: { config_rules: [setRule("/settings", shared), setRule(`/device[${device}]/endpoint[${endpoint}]/settings`, own)] },
    }),
    course,
  );
  return updated.ok ? undefined : updated.reason;
}

/** The service-wide rule is written with `raise_if_differs`: all sites of a VPN have one VLAN id and one MTU. */
function differing(known: StoredService, shared: Readonly<Record<string, number>>): string | undefined {
  const rule = known.rules.get("/settings");
  if (rule === undefined) return undefined;
  const { custom } = JSON.parse(rule) as ConfigRule;
  const settings = JSON.parse(custom.resource_value) as Record<string, unknown>;
  const field = Object.keys(shared).find((name) => name in settings && settings[name] !== shared[name]);
  return field === undefined
    ? undefined
    : `Specified ${field}(${String(shared[field])}) differs existing value(${String(settings[field])})`;
}

const setRule = (resource_key: string, resource_value: object) => ({
  action: "CONFIGACTION_SET",
  custom: { resource_key, resource_value },
});

const serviceOf = (vpnId: string, rest: object): Service =>
  Service.parse({ service_id: { context_id: { context_uuid: { uuid: "admin" } }, service_uuid: { uuid: vpnId } }, ...rest });

const withoutPrefix = (identity: string): string => identity.replace("ietf-l2vpn-svc:", "");
