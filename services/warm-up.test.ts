import { expect, it } from "vitest";
import { functions } from "../functions/index.ts";
import type { HostedFunction } from "../runtime/function.ts";
import type { Backing } from "../state/backing.ts";
import { warmUp } from "./warm-up.ts";

it("takes an intent down to the orders of both annexes, and calls nothing that opens or remembers", async () => {
  const handled: string[] = [];
  const placed = new Set<unknown>();
  const watched = functions.map((fn): HostedFunction<Backing> => ({
    ...fn,
    handle: async (event, scope) => {
      handled.push(fn.name);
      const events = await fn.handle(event, scope);
      for (const { executioner } of events) if (executioner !== undefined) placed.add(executioner);
      return events;
    },
  }));
  await warmUp(watched);
  expect(new Set(handled)).toEqual(new Set(["intent-classify", "intent-translate"]));
  expect(placed).toEqual(new Set(["l2sm", "tfs"]));
});
