import { openSecrets } from "../../state/secrets.ts";
import { defineExecutioner } from "../executioner.ts";
import { peeringAdaptor } from "./adaptor.ts";
import { openPeeringConnections } from "./connections.ts";

export default defineExecutioner({
  executioner: "peering",
  summary: "Asks other networks for BGP sessions, over their Peering API.",
  resources: { connections: openPeeringConnections, secrets: openSecrets },
  adaptor: ({ connections, secrets }, { signal }) => peeringAdaptor({ controllers: connections.controllers, connections, secrets, signal }),
});
