import { ok } from "../../domain/outcome.ts";
import type { Adaptor, Observed } from "../../domain/intent/adaptor.ts";
import { defineExecutioner } from "../../functions/executioner.ts";
import type { HostedFunction } from "../../runtime/function.ts";
import type { Backing } from "../../state/backing.ts";

/** An executioner with all of its claims, commits and events, and no controller: what is left when the calls to the controller are taken away. */
export const executionerFromMemory = (name: string): HostedFunction<Backing> =>
  defineExecutioner({
    executioner: name.replace(/^exec-/, ""),
    summary: "Carries nothing out.",
    resources: {},
    adaptor: (): Adaptor => {
      const present: Observed = { state: "present", differs: [], pending: false, declared: {} };
      let seen: Observed = { state: "absent" };
      return {
        target: () => "memory",
        observe: () => Promise.resolve(ok(seen)),
        apply: () => {
          seen = present;
          return Promise.resolve(ok(undefined));
        },
        withdraw: () => Promise.resolve(ok(undefined)),
        undo: () => Promise.resolve([]),
      };
    },
  });
