import { z } from "zod";
import { Action, Effect, Order } from "../domain/intent/order.ts";
import { defineEvent } from "./define.ts";

const about = {
  intentId: z.string(),
  submission: z.int().positive(),
  executioner: z.string(),
  resource: z.string(),
};

export const OrderPlaced = defineEvent({
  type: "eu.meta-os.nemo.order.placed.v1",
  summary: "An executioner is asked to apply or to withdraw one thing on its controller.",
  data: z.strictObject({
    intentId: z.string(),
    generation: z.int().positive(),
    submission: z.int().positive(),
    action: Action,
    order: Order,
  }),
});

export const OrderExecuted = defineEvent({
  type: "eu.meta-os.nemo.order.executed.v1",
  summary: "The controller's read-back shows what the order asked.",
  data: z.strictObject({
    ...about,
    effect: Effect,
    /** What the controller says that it configured, by target name, in the intent's units; not a measurement. */
    declared: z.record(z.string(), z.union([z.number(), z.string()])).default({}),
  }),
});

export const OrderFailed = defineEvent({
  type: "eu.meta-os.nemo.order.failed.v1",
  summary: "The order was not carried out, and what it had begun was undone unless `residue` names it.",
  data: z.strictObject({ ...about, code: z.string(), reason: z.string(), residue: z.array(z.string()).default([]) }),
});
