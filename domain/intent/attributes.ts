import type { z } from "zod";
import { ok, type Outcome, refuse } from "../outcome.ts";
import type { TranslationRefusal } from "./library.ts";
import type { Condition, Context, ExpectationTarget } from "./model.ts";

type AttributeOutcome<T> = Outcome<T, TranslationRefusal>;

/**
 * Reads contexts as an object of typed values. Refuses, by the attribute's name, what is missing, unknown, given twice, of the wrong type,
 * or compared by anything but equality: D2.3's engine fell back to demo values in each of these cases.
 */
export function readContexts<S extends z.ZodObject>(schema: S, contexts: readonly Context[], place: string): AttributeOutcome<z.infer<S>> {
  const values: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [i, { contextAttribute: name, contextCondition, contextValueRange }] of contexts.entries()) {
    const path = `${place}/${String(i)}`;
    if (!Object.hasOwn(schema.shape, name))
      return refuse("CONTEXT_UNKNOWN", `${name} is not a context here; known are ${Object.keys(schema.shape).join(", ")}`, path);
    if (contextCondition !== "IS_EQUAL_TO")
      return refuse("CONDITION_UNSUPPORTED", `${name} can only be IS_EQUAL_TO, not ${contextCondition}`, `${path}/contextCondition`);
    if (name in values) return refuse("CONTEXT_INVALID", `${name} is given twice`, path);
    values[name] = contextValueRange;
  }
  const parsed = schema.safeParse({ ...values });
  if (parsed.success) return ok(parsed.data);
  const [issue] = parsed.error.issues;
  const name = String(issue?.path[0]);
  if (!(name in values)) return refuse("CONTEXT_MISSING", `needs the context ${name}`, place);
  const at = contexts.findIndex((c) => c.contextAttribute === name);
  return refuse("CONTEXT_INVALID", `${name}: ${issue?.message ?? "invalid"}`, `${place}/${String(at)}/contextValueRange`);
}

export type TargetSpec<T extends z.ZodType = z.ZodType> = { readonly value: T; readonly conditions: readonly Condition[] };

/** Reads targets as an object of numbers in the units of their spec; all are optional. */
export function readTargets<S extends Readonly<Record<string, TargetSpec>>>(
  specs: S,
  targets: readonly ExpectationTarget[],
  place: string,
): AttributeOutcome<{ [K in keyof S]?: z.infer<S[K]["value"]> }> {
  const values: Record<string, unknown> = {};
  for (const [i, { targetName, targetCondition, targetValueRange }] of targets.entries()) {
    const path = `${place}/${String(i)}`;
    const spec = Object.hasOwn(specs, targetName) ? specs[targetName] : undefined;
    if (spec === undefined)
      return refuse("TARGET_UNSUPPORTED", `${targetName} is not a target here; known are ${Object.keys(specs).join(", ") || "none"}`, path);
    if (!spec.conditions.includes(targetCondition))
      return refuse(
        "CONDITION_UNSUPPORTED",
        `${targetName} takes ${spec.conditions.join(", ")}, not ${targetCondition}`,
        `${path}/targetCondition`,
      );
    if (targetName in values) return refuse("TARGET_INVALID", `${targetName} is given twice`, path);
    const parsed = spec.value.safeParse(targetValueRange);
    if (!parsed.success)
      return refuse("TARGET_INVALID", `${targetName}: ${parsed.error.issues[0]?.message ?? "invalid"}`, `${path}/targetValueRange`);
    values[targetName] = parsed.data;
  }
  return ok(values as { [K in keyof S]?: z.infer<S[K]["value"]> });
}
