import { openSecrets } from "../../state/secrets.ts";
import { defineExecutioner } from "../executioner.ts";
import { l2smAdaptor } from "./adaptor.ts";
import { openL2smConnections } from "./connections.ts";

export default defineExecutioner({
  executioner: "l2sm",
  summary: "Carries orders out on L2S-M's multi-domain server, and looks at the outcome in every cluster.",
  resources: { connections: openL2smConnections, secrets: openSecrets },
  adaptor: ({ connections, secrets }, { signal }) => l2smAdaptor({ controllers: connections.controllers, connections, secrets, signal }),
});
