import { type ReachableController, selectController } from "../../domain/controllers.ts";
import { conflictReportOf, explain, type IntentConflictReport } from "../../domain/intent/conflict/report.ts";
import type { IntentLibrary } from "../../domain/intent/library.ts";
import { expected, type IntentRecord, isSettled, isTerminated, submit, type Wanted } from "../../domain/intent/lifecycle.ts";
import { Intent } from "../../domain/intent/model.ts";
import type { Order } from "../../domain/intent/order.ts";
import { readIntent } from "../../domain/intent/read.ts";
import { reportOf } from "../../domain/intent/report.ts";
import { resolve } from "../../domain/intent/resolve.ts";
import { looksLikeCredential, sealSecrets } from "../../domain/intent/secrets.ts";
import { ok, type Outcome, type Refusal, refuse } from "../../domain/outcome.ts";
import type { Event } from "../../events/define.ts";
import { IntentReported } from "../../events/intent.ts";
import { submitted } from "../../events/submitted.ts";
import type { HoldingStore } from "../../state/holdings.ts";
import type { IntentStore } from "../../state/intents.ts";
import type { SecretStore } from "../../state/secrets.ts";
import { type Admitted, type Asking, type Measurements, openAdmission } from "./admission.ts";
import { type ParsedDocument, parseDocuments } from "./parse.ts";

/** Why one document of a file cannot be taken. */
export interface Problem {
  /** From 1, as people count. */
  readonly document: number;
  readonly intentId?: string;
  readonly path?: string;
  readonly line?: number;
  readonly code: string;
  readonly reason: string;
  /** Of the file's intent, where what it asks for cannot be had. */
  readonly expectationId?: string;
  /** Where another intent is in the way. */
  readonly conflict?: IntentConflictReport;
}

/** Intents that were taken on, or why none of them was. */
export type Submitted =
  | { readonly ok: true; readonly records: readonly IntentRecord[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** An intent that would be taken: sealed, and known to come down to these orders. */
export interface Candidate {
  readonly intent: Intent;
  readonly orders: readonly Order[];
  readonly wanted: Wanted;
  readonly warnings: readonly string[];
  /** By reference; not yet kept anywhere. */
  readonly secrets: ReadonlyMap<string, string>;
}

export type Read =
  | { readonly ok: true; readonly candidates: readonly Candidate[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export interface Ingress {
  /** Reads a file without taking anything of it. Every problem of every document is told. */
  read(bytes: Buffer): Read;
  /** What stands against these intents, as others hold what they need, or as what they need is not there. */
  objections(candidates: readonly Candidate[]): Promise<readonly Problem[]>;
  /** Takes intents on, all or none: has them hold what they need, keeps their secrets sealed, records them, and publishes their submission. */
  submit(candidates: readonly Candidate[]): Promise<Submitted>;
  /** Asks once more for everything that an intent wants, so that what its controllers have otherwise is put right. Undefined when nothing is there to repair. */
  repair(id: string): Promise<IntentRecord | undefined>;
  /** Asks for everything that an intent brought about to be withdrawn. Undefined when there is no such intent. */
  terminate(id: string): Promise<IntentRecord | undefined>;
}

interface IngressParts {
  readonly catalogue: readonly IntentLibrary[];
  readonly controllers: readonly ReachableController[];
  readonly intents: IntentStore;
  readonly secrets: SecretStore;
  readonly holdings: HoldingStore;
  readonly publish: (events: readonly Event[]) => Promise<void>;
  readonly now: () => Date;
  /** What probes measured limits what may be asked for; absent: nothing measured does. */
  readonly measurements?: Measurements;
}

const source = "/mncc/ingress";

/** The one way in, whether over HTTP or from the meta-orchestrator's queue. */
export function openIngress({ catalogue, controllers, intents, secrets, holdings, publish, now, measurements }: IngressParts): Ingress {
  const admission = openAdmission({ holdings, intents, catalogue, controllers, now, measurements });

  async function record(asking: Asking, more: Pick<IntentRecord, "waitsFor" | "preemptedBy"> = {}): Promise<Recorded> {
    const at = now().toISOString();
    const { after } = await intents.update(asking.intent.id, (known) => ({ ...submit(known, { ...asking, at }).record, ...more }));
    if (after === undefined) throw new Error("a submission always leaves a record");
    // What was settled of the last submission while this one was admitted may have let go of what this one needs.
    if (after.submission > 1) await admission.keep(asking);
    const { intent, generation, submission } = after;
    const event = submitted(after);
    if (!isSettled(after)) return { after, events: after.waitsFor === undefined ? [event] : [] };
    // Nothing of it stands and nothing is wanted: no order will tell of its end, so it is told here.
    const report = { intentId: intent.id, generation, submission, report: reportOf(after) };
    return { after, events: [event, IntentReported.make({ source, subject: intent.id, cause: event, data: report })] };
  }

  async function sendAway(id: string, preemptedBy: string): Promise<Pick<Recorded, "events">> {
    const known = await intents.get(id);
    if (known === undefined) return { events: [] };
    return record({ intent: known.intent, orders: [], wanted: "suspended" }, { preemptedBy });
  }

  return {
    read(bytes) {
      const parsed = parseDocuments(bytes);
      if (!parsed.ok) return { ok: false, problems: [wholeFile(parsed)] };
      const outcomes = parsed.value.map((document) => candidateOf(document, { catalogue, controllers, secrets }));
      const problems = outcomes.flatMap((outcome, i) => (outcome.ok ? [] : [problemOf(outcome, parsed.value[i], i + 1)]));
      const candidates = outcomes.flatMap((outcome) => (outcome.ok ? [outcome.value] : []));
      const ids = outcomes.map((outcome) => (outcome.ok ? outcome.value.intent.id : undefined));
      for (const [i, intentId] of ids.entries())
        if (intentId !== undefined && ids.indexOf(intentId) !== i)
          problems.push({
            document: i + 1,
            intentId,
            path: "/Intent/id",
            code: "INTENT_TWICE",
            reason: `${intentId} is in the file twice`,
          });
      return problems.length > 0 ? { ok: false, problems } : { ok: true, candidates };
    },

    objections: async (candidates) => problemsOf(candidates, await admission.look(candidates)),

    async submit(candidates) {
      const admitted = await admission.admit(candidates);
      const problems = problemsOf(candidates, admitted);
      if (problems.length > 0) return { ok: false, problems };
      // Secrets first: an event must never refer to one that is not there yet.
      await Promise.all(
        candidates.flatMap(({ intent, secrets: found }) => [...found.values()].map((secret) => secrets.put(intent.id, secret))),
      );
      const recorded = await Promise.all(
        candidates.map((candidate) => {
          const waitsFor = admitted.preempted.get(candidate.intent.id);
          return record(candidate, waitsFor === undefined ? {} : { waitsFor: [...waitsFor] });
        }),
      );
      // Who waits is recorded before who leaves, so that whoever has left finds who waited.
      const leaving = await Promise.all([...admitted.preempted].flatMap(([by, ids]) => ids.map((id) => sendAway(id, by))));
      await publish([...recorded, ...leaving].flatMap(({ events }) => events));
      return { ok: true, records: recorded.map(({ after }) => after) };
    },

    async repair(id) {
      const known = await intents.get(id);
      const orders = known === undefined ? [] : expected(known);
      if (known === undefined || orders.length === 0) return undefined;
      const { after, events } = await record({ intent: known.intent, orders, wanted: "active" });
      await publish(events);
      return after;
    },

    async terminate(id) {
      const known = await intents.get(id);
      if (known === undefined || isTerminated(known)) return known;
      const { after, events } = await record({ intent: known.intent, orders: [], wanted: "terminated" });
      await publish(events);
      if (isTerminated(after)) await secrets.forget(id);
      return after;
    },
  };
}

interface Recorded {
  readonly after: IntentRecord;
  readonly events: readonly Event[];
}

/** Every conflict is told of the intent that came later, which is the one of this file. */
const problemsOf = (candidates: readonly Candidate[], { conflicts }: Admitted): readonly Problem[] =>
  conflicts.map((conflict) => {
    const { intentId, expectationId } = conflict.newcomer;
    const index = candidates.findIndex(({ intent }) => intent.id === intentId);
    const expectation = candidates[index]?.intent.intentExpectations.findIndex((e) => e.expectationId === expectationId) ?? -1;
    const report = conflictReportOf(conflict);
    return {
      document: index + 1,
      intentId,
      ...(expectation < 0 ? {} : { path: `/Intent/intentExpectations/${String(expectation)}` }),
      expectationId,
      code: conflict.kind,
      reason: explain(conflict),
      ...(report === undefined ? {} : { conflict: report }),
    };
  });

const wholeFile = ({ code, reason, path }: Refusal): Problem => {
  const line = /^line (\d+)$/.exec(path ?? "")?.[1];
  return { document: 1, code, reason, ...(line === undefined ? {} : { line: Number(line) }) };
};

function problemOf({ code, reason, path }: Refusal, document: ParsedDocument | undefined, number: number): Problem {
  const whole = document?.value as { Intent?: unknown; id?: unknown } | null | undefined;
  const root = (whole?.Intent ?? whole) as { id?: unknown } | null | undefined;
  const place = path === undefined ? undefined : whole?.Intent === undefined ? path : `/Intent${path}`;
  const line = place === undefined ? undefined : document?.lineOf(place);
  return {
    document: number,
    ...(isId(root?.id) ? { intentId: root.id } : {}),
    ...(place === undefined ? {} : { path: place }),
    ...(line === undefined ? {} : { line }),
    code,
    // Reasons quote names, never values; a name with the shape of a credential is no name.
    reason: looksLikeCredential(reason) ? "what is not understood looks like a credential" : reason,
  };
}

/** Only what could be an id is repeated as one. */
const isId = (id: unknown): id is string => Intent.shape.id.safeParse(id).success && !looksLikeCredential(String(id));

function candidateOf(document: ParsedDocument, parts: Pick<IngressParts, "catalogue" | "controllers" | "secrets">): Outcome<Candidate> {
  const read = readIntent(document.value);
  if (!read.ok) return read;
  const { id } = read.value.intent;
  const found = new Map<string, string>();
  const seal = (secret: string): string => {
    const ref = parts.secrets.refOf(id, secret);
    found.set(ref, secret);
    return ref;
  };
  const sealed = sealSecrets(read.value.intent, seal, (ref) => parts.secrets.isOf(id, ref));
  if (!sealed.ok) return sealed;
  const intent = sealed.value;
  const orders = resolve(intent, parts.catalogue);
  if (!orders.ok) return orders;
  const reachable = allReachable(intent, orders.value, parts.controllers);
  if (!reachable.ok) return reachable;
  const wanted = intent.intentAdminState === "DEACTIVATED" ? "suspended" : "active";
  return ok({ intent, orders: orders.value, wanted, warnings: read.value.warnings, secrets: found });
}

/** Executioners ask again before they connect; here the person who wrote the intent is still listening. */
function allReachable(intent: Intent, orders: readonly Order[], controllers: readonly ReachableController[]): Outcome<void> {
  for (const { executioner, controller, origins } of orders) {
    const chosen = selectController(controllers, executioner, controller);
    if (!chosen.ok) return refuse(chosen.code, chosen.reason, controller === undefined ? undefined : placeOf(intent, controller));
    const stranger = origins.find((origin) => !selectController(controllers, "cluster", origin).ok);
    if (stranger !== undefined)
      return refuse("CONTROLLER_NOT_ALLOWED", `${stranger} is not among the clusters that the operator allows`, placeOf(intent, stranger));
  }
  return ok(undefined);
}

/** Where an intent names an address: the context with that value, or with a url of that origin. */
function placeOf({ intentExpectations }: Intent, address: string): string | undefined {
  const names = (value: unknown): boolean =>
    typeof value === "string" && URL.canParse(value) && new URL(value).origin === new URL(address).origin;
  for (const [i, { expectationObject, expectationContexts }] of intentExpectations.entries()) {
    const lists = { "expectationObject/objectContexts": expectationObject.objectContexts, expectationContexts };
    for (const [list, contexts] of Object.entries(lists)) {
      const k = contexts.findIndex((context) => names(context.contextValueRange));
      if (k >= 0) return `/intentExpectations/${String(i)}/${list}/${String(k)}/contextValueRange`;
    }
  }
  return undefined;
}
