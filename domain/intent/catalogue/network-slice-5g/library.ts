import type { IntentLibrary } from "../../library.ts";
import { retype } from "../../rewrite.ts";

/** D2.3 4.2.3.2 asks for a slice by the flow that it is to carry: there is nothing in the intent that a slice alone would have. */
export const library: IntentLibrary = {
  name: "network-slice-5g",
  summary: "5G network slice, asked for by the flow it carries: handed on to the 5G flow library (D2.3 tables 1 to 4).",
  selects: [
    ["cloud_continuum", "DELIVER", "5G_NETWORK_SLICE"],
    ["cloud_continuum", "CREATE", "5G_NETWORK_SLICE"],
  ],
  translate: (intent) => retype(intent, { "5G_NETWORK_SLICE": "5G_SLICE_FLOW" }),
};
