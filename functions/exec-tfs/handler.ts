import { defineExecutioner } from "../executioner.ts";
import { tfsAdaptor } from "./adaptor.ts";
import { openTfsConnections } from "./connections.ts";

export default defineExecutioner({
  executioner: "tfs",
  summary: "Carries orders out on TeraFlowSDN, over its native REST API, its WebUI or RESTCONF.",
  // The WebUI answers only when the devices are configured, which took D2.3 half a minute.
  timeoutMs: 75_000,
  resources: { connections: openTfsConnections },
  adaptor: ({ connections }, { signal, exact }) => tfsAdaptor({ controllers: connections.controllers, connections, signal, exact }),
});
