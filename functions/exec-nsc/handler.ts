import { defineExecutioner } from "../executioner.ts";
import { nscAdaptor } from "./adaptor.ts";
import { openNscConnections } from "./connections.ts";

export default defineExecutioner({
  executioner: "nsc",
  summary: "Carries orders out on network slice controllers: RFC 9543 slice services over RESTCONF, or TeraFlowSDN's form of it.",
  // TeraFlowSDN answers only when the devices are configured.
  timeoutMs: 75_000,
  resources: { connections: openNscConnections },
  adaptor: ({ connections }, { signal }) => nscAdaptor({ controllers: connections.controllers, connections, signal }),
});
