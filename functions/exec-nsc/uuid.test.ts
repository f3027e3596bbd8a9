import { expect, it } from "vitest";
import { sliceUuid } from "./uuid.ts";

it("is the UUID that TeraFlowSDN derives from a name in the context admin", () => {
  // D2.3 Fig. 37 and 38 show it for a service of that name; slices follow the same rule
  expect(sliceUuid("l2-acl-svc-intent")).toBe("e35ab28c-5474-5adb-aaf0-7f426ff5d5b6");
  expect(sliceUuid("two-ends-~slice")).not.toBe(sliceUuid("two-ends"));
});
