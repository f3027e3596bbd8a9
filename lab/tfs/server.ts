import type { FastifyInstance } from "fastify";
import type { Faults, Strike } from "../faults.ts";
import { listen, openHttpGate, openHttpServer } from "../http-gate.ts";
import type { Ledger } from "../ledger.ts";
import { mountRestconf } from "./restconf.ts";
import { type Course, openTfsStore } from "./store.ts";
import { mountTfsApi } from "./tfs-api.ts";
import { mountWebui } from "./webui.ts";

export interface TfsOptions {
  /** The WebUI's CSRF protection: on in 2022-2024, off in 2025. */
  readonly csrf?: boolean;
  /** Refuse endpoints of devices that were not registered before. */
  readonly strictDevices?: boolean;
  /** How long a configured service stays PLANNED. */
  readonly activateAfterMs?: number;
  /** HTTP Basic of RESTCONF. */
  readonly user?: string;
  readonly password?: string;
  readonly now?: () => number;
}

export interface TfsSimulator {
  readonly address: URL;
  reset(): void;
  close(): Promise<void>;
}

/** TeraFlowSDN's three faces over one store of services: `/tfs-api`, `/webui` and `/restconf`. */
export async function startTfs(ledger: Ledger, faults: Faults, options: TfsOptions = {}): Promise<TfsSimulator> {
  const { csrf = true, strictDevices = false, activateAfterMs = 0, user = "admin", password = "admin", now = Date.now } = options;
  const app: FastifyInstance = openHttpServer();
  const gate = openHttpGate("tfs", ledger, faults);
  const store = openTfsStore(ledger, { strictDevices, now });
  const courseOf = (strike: Strike): Course => {
    const course = { activateAfterMs: strike.activateAfterMs ?? activateAfterMs };
    return strike.fallBack === undefined ? course : { ...course, fallBack: strike.fallBack };
  };

  mountTfsApi(app, gate, store, courseOf);
  mountWebui(app, gate, store, { csrf, courseOf });
  mountRestconf(app, gate, store, { user, password, courseOf });
  const address = await listen(app);
  return { address, reset: store.reset, close: () => app.close() };
}
