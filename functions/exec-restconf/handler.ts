import type { Backing } from "../../state/backing.ts";
import { defineExecutioner } from "../executioner.ts";
import { openPools } from "../pools.ts";
import { restconfAdaptor } from "./adaptor.ts";

const CONNECTIONS = 16;

export default defineExecutioner({
  executioner: "restconf",
  summary: "Carries orders out on any RESTCONF server (RFC 8040): one data resource with the content that the intent spells out.",
  resources: { servers: ({ controllers }: Backing) => ({ controllers, ...openPools(CONNECTIONS) }) },
  adaptor: ({ servers }, { signal }) => restconfAdaptor({ ...servers, signal }),
});
