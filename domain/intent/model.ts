import { z } from "zod";

/** The ten conditions of TS 28.312 (stable from Rel-17 to Rel-19). */
export const Condition = z.enum([
  "IS_EQUAL_TO",
  "IS_LESS_THAN",
  "IS_GREATER_THAN",
  "IS_WITHIN_RANGE",
  "IS_OUTSIDE_RANGE",
  "IS_ONE_OF",
  "IS_NOT_ONE_OF",
  "IS_EQUAL_TO_OR_LESS_THAN",
  "IS_EQUAL_TO_OR_GREATER_THAN",
  "IS_ALL_OF",
]);
export type Condition = z.infer<typeof Condition>;

const scalar = z.union([z.string().max(4096), z.number(), z.boolean()]);
const valueRange = z.union([scalar, z.array(scalar).max(100)]);

/** TS 28.312 Context. The three attributes are required from Rel-19 on; without them a context says nothing. */
export const Context = z.strictObject({
  contextAttribute: z.string().min(1).max(128),
  contextCondition: Condition,
  contextValueRange: valueRange,
});
export type Context = z.infer<typeof Context>;

const selectivity = z.enum(["ALL_OF", "ONE_OF", "ANY_OF"]);

/** TS 28.312 ExpectationTarget. */
export const ExpectationTarget = z.strictObject({
  targetName: z.string().min(1).max(128),
  targetCondition: Condition,
  targetValueRange: valueRange,
  contextSelectivity: selectivity.optional(),
  targetContexts: z.array(Context).max(50).optional(),
});
export type ExpectationTarget = z.infer<typeof ExpectationTarget>;

/** TS 28.312 ExpectationObject. `objectType` is open: the libraries say which types they know. */
export const ExpectationObject = z.strictObject({
  objectType: z.string().min(1).max(128),
  objectInstance: z.string().max(256).optional(),
  objectContexts: z.array(Context).max(100).default([]),
  contextSelectivity: selectivity.optional(),
});

/** TS 28.312 IntentExpectation. */
export const IntentExpectation = z.strictObject({
  expectationId: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:@+-]{0,63}$/, "letters, digits and . _ : @ + - only, at most 64"),
  expectationVerb: z.enum(["DELIVER", "ENSURE", "MAINTAIN", "CREATE"]),
  expectationObject: ExpectationObject,
  expectationTargets: z.array(ExpectationTarget).max(50).default([]),
  expectationContexts: z.array(Context).max(50).default([]),
  contextSelectivity: selectivity.optional(),
});
export type IntentExpectation = z.infer<typeof IntentExpectation>;

/** One intent, TS 28.312 Rel-18 (18.3.0), flat as that release has it. D2.3 wraps it in a root key `Intent`, which reading takes off. */
export const Intent = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:@+-]{0,127}$/, "letters, digits and . _ : @ + - only, at most 128"),
  /** NEMO uses it as the domain of classification (`cloud_continuum`), not as a free label. */
  userLabel: z.string().min(1).max(128),
  intentExpectations: z.array(IntentExpectation).min(1).max(100),
  contextSelectivity: selectivity.optional(),
  intentContexts: z.array(Context).max(50).default([]),
  intentAdminState: z.enum(["ACTIVATED", "DEACTIVATED"]).default("ACTIVATED"),
  intentPriority: z.int().min(1).max(100).default(1),
  intentPreemptionCapability: z.enum(["TRUE", "FALSE"]).optional(),
  /** Seconds. */
  observationPeriod: z.int().positive().max(31_536_000).optional(),
});
export type Intent = z.infer<typeof Intent>;
