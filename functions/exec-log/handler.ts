import type { Adaptor, Observed } from "../../domain/intent/adaptor.ts";
import { ok } from "../../domain/outcome.ts";
import { defineExecutioner } from "../executioner.ts";

/** A debugging aid (D2.3's sys_out): an order becomes a line in the log, once. */
export default defineExecutioner({
  executioner: "log",
  summary: "Writes orders to the log, for debugging.",
  isDebugAid: true,
  resources: {},
  adaptor: (_resources, { log }): Adaptor => {
    const written: Observed = { state: "present", differs: [], pending: false, declared: {} };
    let seen: Observed = { state: "absent" };
    return {
      keepsNothing: true,
      target: () => "log",
      observe: () => Promise.resolve(ok(seen)),
      apply: ({ resource, payload }) => {
        log.info({ resource, contexts: payload["contexts"], targets: payload["targets"] }, "order shown");
        seen = written;
        return Promise.resolve(ok(undefined));
      },
      withdraw: () => Promise.resolve(ok(undefined)),
      undo: () => Promise.resolve([]),
    };
  },
});
