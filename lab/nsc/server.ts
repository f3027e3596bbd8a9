import type { Faults } from "../faults.ts";
import { listen, openHttpGate, openHttpServer } from "../http-gate.ts";
import type { Ledger } from "../ledger.ts";
import { mountRfc9543 } from "./rfc9543.ts";
import { mountTfsSlice } from "./tfs-slice.ts";
import type { Template } from "./yang.ts";

export interface NscOptions {
  /** SLO and SLE templates of the RFC 9543 controller's operator. */
  readonly templates?: readonly Template[];
  /** The devices that TeraFlowSDN knows; absent: every one. */
  readonly devices?: readonly string[];
  /** How long a slice that was made or changed is not up yet. */
  readonly activateAfterMs?: number;
  readonly now?: () => number;
}

export interface NscSimulator {
  /** A controller that keeps to RFC 8040 and RFC 7951. */
  readonly rfc9543: URL;
  /** TeraFlowSDN's slices: the same path, other rules. */
  readonly tfsSlice: URL;
  reset(): void;
  close(): Promise<void>;
}

/** Two network slice controllers, each with slices of its own. */
export async function startNsc(ledger: Ledger, faults: Faults, options: NscOptions = {}): Promise<NscSimulator> {
  const { templates = [], devices, activateAfterMs = 0, now = Date.now } = options;
  const gate = openHttpGate("nsc", ledger, faults);
  const [standard, tfs] = [openHttpServer(), openHttpServer()];
  const resets = [
    mountRfc9543(standard, gate, ledger, { templates, activateAfterMs, now }),
    mountTfsSlice(tfs, gate, ledger, { activateAfterMs, now, ...(devices === undefined ? {} : { devices }) }),
  ];
  return {
    rfc9543: await listen(standard),
    tfsSlice: await listen(tfs),
    reset() {
      for (const reset of resets) reset();
    },
    async close() {
      await Promise.all([standard.close(), tfs.close()]);
    },
  };
}
