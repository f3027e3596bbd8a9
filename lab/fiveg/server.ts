import type { Faults } from "../faults.ts";
import { listen, openHttpGate, openHttpServer } from "../http-gate.ts";
import type { Ledger } from "../ledger.ts";
import { type OauthOptions, openAccess } from "./access.ts";
import { mountDataflows } from "./dataflows.ts";
import { mountNef } from "./nef.ts";
import { mountQod } from "./qod.ts";

export interface FivegOptions {
  /** The addresses that the core has sessions of; absent: all of 10.45.0.0/16. */
  readonly ues?: readonly string[];
  readonly profiles?: readonly string[];
  readonly maxMbps?: number;
  /** Whether PATCH is served beside PUT. */
  readonly patch?: boolean;
  /** Who may call; absent: everybody. */
  readonly oauth?: OauthOptions;
  /** How long a CAMARA session stays REQUESTED. */
  readonly availableAfterMs?: number;
  readonly now?: () => number;
}

export interface FivegSimulator {
  readonly address: URL;
  /** Tokens given so far are good for nothing any more. */
  revokeTokens(): void;
  /** Tells of every subscription, as UserPlaneNotificationData; resolves to the statuses of the answers. */
  notify(eventReports: readonly object[]): Promise<readonly number[]>;
  /** Ends every CAMARA session as the network may. */
  terminateSessions(): void;
  reset(): void;
  close(): Promise<void>;
}

/** The profiles of D2.3's examples, and CAMARA's four. */
const knownProfiles = ["audio4k", "audio128k", "video", "QOS_S", "QOS_M", "QOS_L", "QOS_E"];

/** A 5G core as an application function sees it: 3GPP's AsSessionWithQoS, CAMARA's Quality on Demand, Cumucore's dataflows; each keeps its own. */
export async function startFiveg(ledger: Ledger, faults: Faults, options: FivegOptions = {}): Promise<FivegSimulator> {
  const { ues, profiles = knownProfiles, maxMbps = 10_000, patch = true, oauth, availableAfterMs = 0, now = Date.now } = options;
  const isUe = (address: string): boolean => ues?.includes(address) ?? address.startsWith("10.45.");
  const app = openHttpServer();
  const gate = openHttpGate("nef", ledger, faults);
  const access = openAccess(app, gate, oauth, now);
  const nef = mountNef(app, gate, ledger, access, { isUe, profiles, maxMbps, patch });
  const qod = mountQod(app, gate, ledger, access, { isUe, profiles, availableAfterMs, now });
  const dataflows = mountDataflows(app, gate, ledger, { access, profiles });
  const address = await listen(app);
  return {
    address,
    revokeTokens: access.revoke,
    notify: nef.notify,
    terminateSessions: qod.terminate,
    reset() {
      nef.reset();
      qod.reset();
      dataflows.reset();
      access.revoke();
    },
    close: () => app.close(),
  };
}
