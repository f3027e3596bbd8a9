import { z } from "zod";
import { IntentConflictReport } from "../domain/intent/conflict/report.ts";
import { Drift } from "../domain/intent/drift.ts";
import { Wanted } from "../domain/intent/lifecycle.ts";
import { Intent } from "../domain/intent/model.ts";
import { Order } from "../domain/intent/order.ts";
import { IntentReport } from "../domain/intent/report.ts";
import { defineEvent } from "./define.ts";

/** Travels with every event of one submission. `submission` grows with every apply, `generation` only when the intent's meaning changes. */
const stage = {
  intent: Intent,
  generation: z.int().positive(),
  submission: z.int().positive(),
};

/** Orders of earlier submissions that this one does not repeat: their effects are withdrawn. */
const retired = z.array(Order).default([]);

export const IntentSubmitted = defineEvent({
  type: "eu.meta-os.nemo.intent.submitted.v1",
  summary: "Something is asked of the network.",
  data: z.strictObject({ ...stage, wanted: Wanted, retired }),
});

export const IntentDerived = defineEvent({
  type: "eu.meta-os.nemo.intent.derived.v1",
  summary: "A library rewrote an intent into a less abstract one.",
  data: z.strictObject({ ...stage, library: z.string() }),
});

export const IntentClassified = defineEvent({
  type: "eu.meta-os.nemo.intent.classified.v1",
  summary: "Every expectation of the intent has the one library that answers it.",
  data: z.strictObject({
    ...stage,
    wanted: Wanted.default("active"),
    retired,
    matches: z.array(z.strictObject({ library: z.string(), expectationIds: z.array(z.string()) })),
  }),
});

export const IntentRefused = defineEvent({
  type: "eu.meta-os.nemo.intent.refused.v1",
  summary: "The intent was understood and cannot be carried out: no library answers it, or it cannot be translated.",
  data: z.strictObject({
    intentId: z.string(),
    submission: z.int().nonnegative(),
    code: z.string(),
    reason: z.string(),
    path: z.string().optional(),
    /** Where another intent is in the way. */
    conflict: IntentConflictReport.optional(),
  }),
});

export const IntentDrifted = defineEvent({
  type: "eu.meta-os.nemo.intent.drifted.v1",
  summary: "The controllers were seen to have otherwise what the intent wants; with an empty list, that they have it again.",
  data: z.strictObject({ intentId: z.string(), submission: z.int().positive(), drift: z.array(Drift), seenAt: z.iso.datetime() }),
});

export const IntentReported = defineEvent({
  type: "eu.meta-os.nemo.intent.reported.v1",
  summary: "How far an intent is fulfilled, as a TS 28.312 IntentReport.",
  data: z.strictObject({ intentId: z.string(), generation: z.int().positive(), submission: z.int().positive(), report: IntentReport }),
});
