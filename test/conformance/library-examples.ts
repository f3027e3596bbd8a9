import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { classify, shareOf } from "../../domain/intent/classify.ts";
import { catalogue } from "../../domain/intent/catalogue/index.ts";
import type { IntentLibrary } from "../../domain/intent/library.ts";
import type { Context, Intent, IntentExpectation } from "../../domain/intent/model.ts";
import { readIntent } from "../../domain/intent/read.ts";
import { sealSecrets } from "../../domain/intent/secrets.ts";
import { parseDocuments } from "../../services/ingress/parse.ts";

const root = join(import.meta.dirname, "../..");
const folderOf = (library: string): string => join(root, "domain/intent/catalogue", library, "examples");
const goldenOf = (library: string, name: string): string => join(folderOf(library), `${name}.golden.json`);

export interface Example {
  readonly library: IntentLibrary;
  readonly name: string;
  /** As it reaches the library: sealed. */
  readonly intent: Intent;
  /** In clear. */
  readonly secrets: readonly string[];
}

/** Reads what an ingress would take; the references are the same in every run. */
export function sealedIntents(bytes: Buffer): readonly Pick<Example, "intent" | "secrets">[] {
  const parsed = parseDocuments(bytes);
  if (!parsed.ok) throw new Error(`${parsed.code}: ${parsed.reason}`);
  return parsed.value.map(({ value }) => {
    const read = readIntent(value);
    if (!read.ok) throw new Error(`${read.code} at ${String(read.path)}: ${read.reason}`);
    const secrets: string[] = [];
    const sealed = sealSecrets(read.value.intent, (secret) => {
      if (!secrets.includes(secret)) secrets.push(secret);
      return `secretRef:the-secret-number-${String(secrets.indexOf(secret) + 1)}`;
    });
    if (!sealed.ok) throw new Error(`${sealed.code} at ${String(sealed.path)}: ${sealed.reason}`);
    return { intent: sealed.value, secrets };
  });
}

export const examplesOf = (library: IntentLibrary): readonly Example[] =>
  (existsSync(folderOf(library.name)) ? readdirSync(folderOf(library.name)) : [])
    .filter((file) => file.endsWith(".yaml"))
    .flatMap((file) =>
      sealedIntents(readFileSync(join(folderOf(library.name), file))).map((read) => ({
        library,
        name: file.slice(0, -".yaml".length),
        ...read,
      })),
    );

/** What the library is given of the example; throws when the catalogue would not give it all of it. */
export function shareOfExample({ intent, library, name }: Example): Intent {
  const matches = classify(intent, catalogue);
  const [only, ...others] = matches.ok ? matches.value : [];
  if (only?.library !== library || others.length > 0) throw new Error(`${name} is not an example of ${library.name} alone`);
  return shareOf(intent, only.expectationIds);
}

/** UPDATE=1 writes what is compared otherwise. */
export function golden(example: Example, now: unknown): unknown {
  const file = goldenOf(example.library.name, example.name);
  if (process.env["UPDATE"] === "1") writeFileSync(file, `${JSON.stringify(now, undefined, 2)}\n`);
  return JSON.parse(readFileSync(file, "utf8"));
}

/** One context of an intent, and how to have the intent without it or with another in its place. */
export interface Place {
  readonly path: string;
  readonly context: Context;
  with(contexts: readonly Context[]): Intent;
}

export const placesOf = (intent: Intent): readonly Place[] =>
  intent.intentExpectations.flatMap((expectation, i) => {
    const replaced = (changed: IntentExpectation): Intent => ({
      ...intent,
      intentExpectations: intent.intentExpectations.with(i, changed),
    });
    const { expectationObject: object, expectationContexts: around } = expectation;
    const at = `/intentExpectations/${String(i)}`;
    return [
      ...object.objectContexts.map((context, k) => ({
        path: `${at}/expectationObject/objectContexts/${String(k)}`,
        context,
        with: (contexts: readonly Context[]) =>
          replaced({
            ...expectation,
            expectationObject: { ...object, objectContexts: object.objectContexts.toSpliced(k, 1, ...contexts) },
          }),
      })),
      ...around.map((context, k) => ({
        path: `${at}/expectationContexts/${String(k)}`,
        context,
        with: (contexts: readonly Context[]) => replaced({ ...expectation, expectationContexts: around.toSpliced(k, 1, ...contexts) }),
      })),
    ];
  });

/** No write goes unnoticed in what is frozen all the way down. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value))
    for (const inner of Object.values(Object.freeze(value))) deepFreeze(inner);
  return value;
}
