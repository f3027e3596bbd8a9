import { expect, it } from "vitest";
import { adminContextUuid, endpointUuid, serviceUuid, tfsUuid, topologyUuid } from "./uuid.ts";

const topology = topologyUuid(adminContextUuid, "admin");

it("derives the UUIDs that stand in D2.3 Fig. 37 and 38", () => {
  expect(adminContextUuid).toBe("43813baf-195e-5da6-af20-b3d0922e71a7");
  expect(serviceUuid(adminContextUuid, "l2-acl-svc-intent")).toBe("e35ab28c-5474-5adb-aaf0-7f426ff5d5b6");
  expect(topology).toBe("c76135e3-24a8-5e92-9bed-c3c9139359c8");
  expect(endpointUuid(topology, tfsUuid("3.3.3.3"), "0/0/1-GigabitEthernet0/0/0/1")).toBe("90ee9eb3-0c93-5d9b-b726-5628cf44f517");
  expect(endpointUuid(topology, tfsUuid("5.5.5.5"), "0/0/1-GigabitEthernet0/0/0/1")).toBe("057b26e8-53cf-5ec9-9169-cf2298f2781e");
});

it("keeps what is a UUID already", () => {
  expect(tfsUuid("E35AB28C-5474-5ADB-AAF0-7F426FF5D5B6", "any")).toBe("e35ab28c-5474-5adb-aaf0-7f426ff5d5b6");
});
