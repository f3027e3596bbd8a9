import { expect, it } from "vitest";
import { endpointUuid, serviceUuid, tfsUuid } from "./uuid.ts";

const context = "43813baf-195e-5da6-af20-b3d0922e71a7";
const endpoint = "0/0/1-GigabitEthernet0/0/0/1";

it.each([
  ["context admin", tfsUuid("admin"), context],
  ["topology admin", tfsUuid("admin", context), "c76135e3-24a8-5e92-9bed-c3c9139359c8"],
  ["service l2-acl-svc-intent", serviceUuid("l2-acl-svc-intent"), "e35ab28c-5474-5adb-aaf0-7f426ff5d5b6"],
  ["device 3.3.3.3", tfsUuid("3.3.3.3"), "f399e7e0-607d-5c9d-a61f-9aaa6bca2df8"],
  ["device 5.5.5.5", tfsUuid("5.5.5.5"), "47999f5f-8d13-599d-ab09-33de50f9bae7"],
  ["endpoint of 3.3.3.3", endpointUuid(endpoint, "3.3.3.3"), "90ee9eb3-0c93-5d9b-b726-5628cf44f517"],
  ["endpoint of 5.5.5.5", endpointUuid(endpoint, "5.5.5.5"), "057b26e8-53cf-5ec9-9169-cf2298f2781e"],
])("gives %s the UUID that TeraFlowSDN gives it (D2.3 Fig. 37, 38)", (_, derived, seen) => {
  expect(derived).toBe(seen);
});

it("keeps what already is a UUID", () => {
  expect(tfsUuid("43813BAF-195e-5da6-af20-b3d0922e71a7", context)).toBe(context);
});
