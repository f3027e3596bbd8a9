import { retype } from "../../rewrite.ts";
import type { IntentLibrary } from "../../library.ts";

export const library: IntentLibrary = {
  name: "l2vpn",
  summary: "Technology-neutral L2VPN: handed on to the TeraFlowSDN library (D2.3 6.3.2.1).",
  selects: [["cloud_continuum", "DELIVER", "L2VPN"]],
  translate: (intent) => retype(intent, { L2VPN: "L2VPN_TFS" }),
};
