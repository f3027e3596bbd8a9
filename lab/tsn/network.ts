import { readFileSync } from "node:fs";
import { type NetworkDocument, readNetworkDocument } from "../../domain/tsn/formats/network.ts";

const file = new URL("../../domain/tsn/examples/five-bridges.json", import.meta.url);

/** The plant of the examples: five bridges in a line with a 5G system between them. It is a description: nothing of it is simulated. */
export const plantDomain = "plant-1";

export function plantNetwork(): NetworkDocument {
  const read = readNetworkDocument(readFileSync(file, "utf8"));
  if (!read.ok) throw new Error(`the example's network cannot be read: ${read.faults[0]?.reason ?? ""}`);
  return read.value;
}
