import { expect, it } from "vitest";
import { library } from "../../domain/intent/catalogue/tfs-l2vpn/library.ts";
import { L2vpn } from "../../domain/intent/catalogue/tfs-l2vpn/payload.ts";
import { l2vpnSvc } from "../../lab/tfs/sample.ts";
import { changedAt } from "../../test/support/changed-at.ts";
import { ordersOfExamples } from "../../test/support/example-orders.ts";
import { describeYanglint, refused, taken } from "../../test/support/yanglint.ts";
import { fitsRestconf, restconfBody } from "./descriptor.ts";

const annex: L2vpn = {
  service: "new_intent_2-1",
  source: { node: "3.3.3.3", endpoint: "GigabitEthernet0/0/0/1" },
  destination: { node: "5.5.5.5", endpoint: "GigabitEthernet0/0/0/1" },
  vlanId: 999,
};
const examples = ordersOfExamples(library)
  .map(([file, { resource, payload }]) => [`${resource} of ${file}`, L2vpn.parse(payload)] as const)
  .filter(([, vpn]) => fitsRestconf(vpn));
const text = JSON.stringify(restconfBody(annex));

const service = "ietf-l2vpn-svc:l2vpn-svc vpn-services vpn-service 0";
const site = "ietf-l2vpn-svc:l2vpn-svc sites site 0";
const access = `${site} site-network-accesses site-network-access 0`;

/** What the module refuses: the place, another value there, and a word of what is said. */
const wrong: readonly (readonly [what: string, path: string, value: unknown, says: string])[] = [
  ["a bandwidth where TeraFlowSDN would read it", `${access} service svc-input-bandwidth`, "1000", "svc-input-bandwidth"],
  ["a network instance's name", `${access} ni-name`, "ninametfs", "ni-name"],
  ["no word on VLAN preservation", `${service} ce-vlan-preservation`, undefined, "ce-vlan-preservation"],
  ["no word on multicast", `${service} frame-delivery`, undefined, "multicast-gp-port-mapping"],
  ["an identity of another module", `${service} vpn-svc-type`, "ietf-vpn-common:vpws", "ietf-vpn-common:vpws"],
  ["an unknown service type", `${service} vpn-svc-type`, "vpn", "vpn"],
  ["a device at no location of the site", `${site} devices device 0 location`, "elsewhere", "elsewhere"],
  ["devices at a site that the customer manages", `${site} management type`, "ietf-l2vpn-svc:customer-managed", "management/type"],
  ["no VLAN by default", `${site} default-ce-vlan-id`, undefined, "default-ce-vlan-id"],
  ["an access at no device", `${access} device-reference`, undefined, "location-flavor"],
  ["an access at a device that is not there", `${access} device-reference`, "9.9.9.9", "9.9.9.9"],
  ["an access to a VPN that is not there", `${access} vpn-attachment vpn-id`, "other", "other"],
  ["an access to no VPN", `${access} vpn-attachment`, undefined, "attachment-flavor"],
  ["no MTU", `${access} service svc-mtu`, undefined, "svc-mtu"],
  ["a tag on an interface of another type", `${access} connection tagged-interface type`, undefined, "dot1q-vlan-tagged"],
  ["a tag without its VLAN", `${access} connection tagged-interface dot1q-vlan-tagged cvlan-id`, undefined, "cvlan-id"],
  ["a VLAN that is text", `${access} connection tagged-interface dot1q-vlan-tagged cvlan-id`, "999", "uint16"],
  ["no maintenance domain", `${access} connection oam`, undefined, "md-name"],
  ["a maintenance level of more than 255", `${access} connection oam md-level`, 256, "256"],
];

describeYanglint(["ietf-l2vpn-svc"], (check) => {
  it.each([["the L2VPN of D2.3 annex 9.1, without SLOs", annex] as const, ...examples])("takes %s", (_, vpn) => {
    expect(check(JSON.stringify(restconfBody(vpn)))).toEqual(taken);
  });

  it("takes names and VLANs of every length that an intent may have", () => {
    const node = "a".repeat(64);
    const endpoint = Array.from({ length: 8 }, () => "xe-0/0/1")
      .join(".")
      .slice(0, 64);
    for (const vlanId of [1, 4094])
      expect(check(JSON.stringify(restconfBody({ ...annex, source: { node, endpoint }, vlanId })))).toEqual(taken);
  });

  it("takes what the simulated TeraFlowSDN is tested with", () => {
    expect(check(JSON.stringify(l2vpnSvc()))).toEqual(taken);
  });

  it.each(wrong)("refuses %s", (_, path, value, says) => {
    expect(check(JSON.stringify(changedAt(text, path, value)))).toEqual(refused(says));
  });
});
