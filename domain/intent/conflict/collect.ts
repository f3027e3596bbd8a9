import type { ReachableController } from "../../controllers.ts";
import type { IntentLibrary } from "../library.ts";
import type { Intent } from "../model.ts";
import type { Order } from "../order.ts";
import { Claim, type Held } from "./claim.ts";
import { originOf } from "./limits.ts";

/** Everything that orders of one intent take of things that others may want too, as the libraries that made them tell. */
export function claimsOf(
  { id: intentId, intentPriority: priority }: Pick<Intent, "id" | "intentPriority">,
  orders: readonly Order[],
  { catalogue, controllers }: { readonly catalogue: readonly IntentLibrary[]; readonly controllers: readonly ReachableController[] },
): readonly Held[] {
  return orders.flatMap((order) => {
    const origin = originOf(controllers, order.executioner, order.controller);
    const made = catalogue.filter((library) => library.claims?.executioner === order.executioner);
    return made.flatMap((library) =>
      (library.claims?.of(order, origin) ?? []).map(({ expectation = 0, ...claim }) => {
        const expectationId = order.expectationIds[expectation] ?? order.expectationIds[0] ?? "";
        return { intentId, expectationId, priority, claim: Claim.parse(claim) };
      }),
    );
  });
}
