import type { Backing } from "../../state/backing.ts";
import { defineExecutioner } from "../executioner.ts";
import { fivegAdaptor } from "./adaptor.ts";
import { openFivegConnections } from "./connections.ts";
import { notifyToken } from "./notify-token.ts";

export default defineExecutioner({
  executioner: "5g",
  summary: "Carries orders out on a 5G core, over 3GPP's AsSessionWithQoS, CAMARA's Quality on Demand or Cumucore's dataflows.",
  resources: {
    connections: openFivegConnections,
    tokenOf:
      ({ sealKey }: Backing) =>
      (name: string) =>
        notifyToken(sealKey, name),
  },
  adaptor: ({ connections, tokenOf }, { signal }) => fivegAdaptor({ controllers: connections.controllers, connections, signal, tokenOf }),
});
