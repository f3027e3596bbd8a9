import { ok, type Outcome, refuse } from "../outcome.ts";
import { Intent } from "./model.ts";

export type ReadRefusal = "INTENT_INVALID";

export interface ReadIntent {
  readonly intent: Intent;
  /** What was forgiven, for the person who wrote it. */
  readonly warnings: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

/** Spellings that D2.3 and NEMO's intent engine use beside the right ones (adaptors reference 7.5). */
const attributeSpellings: ReadonlyMap<string, string> = new Map([
  ["beare_token", "bearer_token"],
  ["k8s_12_network", "k8s_l2_network"],
  ["starTime", "startTime"],
  ["uc3m", "domain"],
]);

const fieldSpellings: ReadonlyMap<string, string> = new Map([
  ["targetAttribute", "targetName"],
  ["targetValue", "targetValueRange"],
  ["intentContext", "intentContexts"],
  ["objectContext", "objectContexts"],
  ["expectationContext", "expectationContexts"],
  ["expectationTarget", "expectationTargets"],
  ["intentExpectation", "intentExpectations"],
  ["targetContext", "targetContexts"],
]);

/**
 * One document as people and NEMO write it, into the strict model: with or without the root key `Intent`, attributes flat or wrapped,
 * Rel-18 or Rel-19 periods, D2.3's spellings, numbers as text and text as numbers, decimal commas. What is not forgiven is refused by its place.
 */
export function readIntent(document: unknown): Outcome<ReadIntent, ReadRefusal> {
  if (!isObject(document)) return refuse("INTENT_INVALID", "an intent is an object with the key Intent", "");
  const wrapped = document["Intent"] ?? document["intent"];
  if (wrapped !== undefined && Object.keys(document).length > 1)
    return refuse(
      "INTENT_INVALID",
      `beside Intent there is ${named(Object.keys(document).filter((k) => k.toLowerCase() !== "intent"))}`,
      "",
    );
  const root = wrapped ?? document;
  if (!isObject(root)) return refuse("INTENT_INVALID", "Intent is not an object", "/Intent");

  const warnings: string[] = [];
  const parsed = Intent.safeParse(tidyIntent(root, warnings));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = `/${(issue?.path ?? []).map(String).join("/")}`;
    const reason = issue?.code === "unrecognized_keys" ? `does not have ${named(issue.keys)}` : issue?.message;
    return refuse("INTENT_INVALID", reason ?? "not an intent", place);
  }
  const ids = parsed.data.intentExpectations.map((e) => e.expectationId);
  const twice = ids.findIndex((id, i) => ids.indexOf(id) !== i);
  if (twice >= 0)
    return refuse(
      "INTENT_INVALID",
      `expectationId ${String(ids[twice])} is given twice`,
      `/intentExpectations/${String(twice)}/expectationId`,
    );
  return ok({ intent: parsed.data, warnings });
}

/** A few keys, for a message: what does not look like a key is not repeated. */
function named(keys: readonly string[]): string {
  const shown = keys.slice(0, 3).map((key) => (/^[A-Za-z][A-Za-z0-9_-]{0,39}$/.test(key) ? key : "a key that is no name"));
  return [...shown, ...(keys.length > shown.length ? [`${String(keys.length - shown.length)} more`] : [])].join(", ");
}

function tidyIntent(root: Json, warnings: string[]): Json {
  const { attributes, ...rest } = root;
  const flat = respell(isObject(attributes) ? { ...rest, ...attributes } : root);
  const { intentReportControl, intentReportReference: _readOnly, intentMgmtPurpose, ...intent } = flat;
  return defined({
    ...intent,
    ...(intentMgmtPurpose === undefined || intentMgmtPurpose === "FULFILMENT_WITHOUT_NEGOTIATION" ? {} : { intentMgmtPurpose }),
    id: asText(intent["id"]),
    userLabel: asLabel(intent["userLabel"]),
    intentExpectations: tidyList(intent["intentExpectations"], (e) => tidyExpectation(e, warnings)),
    intentContexts: tidyContexts(intent["intentContexts"]),
    intentAdminState: asUpper(intent["intentAdminState"]),
    intentPriority: asNumber(intent["intentPriority"]),
    intentPreemptionCapability: asUpper(asText(intent["intentPreemptionCapability"])),
    observationPeriod: asNumber(intent["observationPeriod"]) ?? rel19Period(intentReportControl),
  });
}

/** Rel-19 moved the period into the report control. */
function rel19Period(control: unknown): unknown {
  const [first] = Array.isArray(control) ? (control as unknown[]) : [control];
  return isObject(first) ? asNumber(first["observationPeriod"]) : undefined;
}

function tidyExpectation(value: Json, warnings: string[]): Json {
  const expectation = respell(value);
  const object = expectation["expectationObject"];
  return defined({
    ...expectation,
    expectationId: asText(expectation["expectationId"]),
    expectationVerb: asUpper(expectation["expectationVerb"]),
    expectationObject: isObject(object) ? tidyObject(object) : object,
    expectationTargets: tidyList(expectation["expectationTargets"], (t) => tidyTarget(t, warnings)),
    expectationContexts: tidyContexts(expectation["expectationContexts"]),
  });
}

function tidyObject(value: Json): Json {
  const object = respell(value);
  return defined({ ...object, objectInstance: asText(object["objectInstance"]), objectContexts: tidyContexts(object["objectContexts"]) });
}

function tidyTarget(value: Json, warnings: string[]): Json {
  const target = respell(value);
  return defined({
    ...target,
    targetCondition: asUpper(target["targetCondition"]),
    targetValueRange: withoutDecimalComma(target["targetValueRange"], target["targetName"], warnings),
    targetContexts: tidyContexts(target["targetContexts"]),
  });
}

const tidyContexts = (value: unknown): unknown =>
  tidyList(value, (context) => {
    const name = context["contextAttribute"];
    return defined({
      ...context,
      contextAttribute: typeof name === "string" ? (attributeSpellings.get(name) ?? name) : name,
      contextCondition: asUpper(context["contextCondition"]) ?? "IS_EQUAL_TO",
    });
  });

/** D2.3 prints 10,0; a YAML parser reads that as text. */
function withoutDecimalComma(value: unknown, name: unknown, warnings: string[]): unknown {
  if (typeof value !== "string" || !/^-?\d+,\d+(?=\D*$)/.test(value)) return value;
  const read = value.replace(",", ".");
  warnings.push(`${typeof name === "string" ? name : "a target"}: ${value} is read as ${read}`);
  return /^-?\d+\.\d+$/.test(read) ? Number(read) : read;
}

const tidyList = (value: unknown, tidy: (item: Json) => Json): unknown => {
  if (value === null || value === undefined) return undefined;
  return Array.isArray(value) ? value.map((item: unknown) => (isObject(item) ? tidy(item) : item)) : value;
};

const respell = (value: Json): Json => Object.fromEntries(Object.entries(value).map(([key, v]) => [fieldSpellings.get(key) ?? key, v]));
/** A key with nothing behind it (YAML `objectContexts:`) is a key that is not there. */
const defined = (value: Json): Json => Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined && v !== null));
const asText = (value: unknown): unknown => (typeof value === "number" || typeof value === "boolean" ? String(value) : value);
const asUpper = (value: unknown): unknown => (typeof value === "string" ? value.trim().toUpperCase() : value);
const asNumber = (value: unknown): unknown =>
  typeof value === "string" && /^\d+$/.test(value.trim()) ? Number(value) : (value ?? undefined);
/** D2.3's Table 5 prints `Cloud_continuum (NEMO)`, its annexes `cloud_continuum`. */
const asLabel = (value: unknown): unknown =>
  typeof value === "string" && /^cloud[_ -]continuum(?: \(NEMO\))?$/i.test(value.trim()) ? "cloud_continuum" : value;
