import { readFileSync } from "node:fs";
import { IntentDerived, IntentSubmitted } from "../../events/intent.ts";
import type { Event } from "../../events/define.ts";
import intentClassify from "../../functions/intent-classify/handler.ts";
import intentTranslate from "../../functions/intent-translate/handler.ts";
import { readIntent } from "../../domain/intent/read.ts";
import type { Intent } from "../../domain/intent/model.ts";
import { EVENTS_EXCHANGE, type Outgoing } from "../../runtime/broker/broker.ts";
import { encodeAmqp } from "../../runtime/codec/amqp.ts";
import { invoke } from "../../runtime/invoke.ts";
import { parseDocuments } from "../../services/ingress/parse.ts";
import { relayTypes } from "./arrangement.ts";

/** D2.3's annex 9.1: one L2VPN, which is five hops from its submission to its order being carried out. */
const ANNEX_9_1 = "test/golden/annex-9.1-tfs-l2vpn.yaml";

function readAnnex(): Intent {
  const parsed = parseDocuments(readFileSync(ANNEX_9_1));
  const [document] = parsed.ok ? parsed.value : [];
  const read = readIntent(document?.value);
  if (!read.ok) throw new Error(`${ANNEX_9_1}: ${read.reason}`);
  return read.value.intent;
}

const annex = readAnnex();

/** As the ingress publishes it; the id of the intent is that of the event too, so that every event of its story names it. */
export function submissionOf(id: string): Event {
  const intent: Intent = { ...annex, id };
  return IntentSubmitted.make({
    source: "/mncc/ingress",
    subject: id,
    id,
    data: { intent, generation: 1, submission: 1, wanted: "active", retired: [] },
  });
}

/** Bytes of a message as the broker keeps it: the body, and each header's name, value and their lengths. */
const sizeOf = ({ body, headers }: Outgoing): number =>
  body.length +
  Object.entries(headers).reduce((sum, [name, value]) => sum + 1 + name.length + 5 + (typeof value === "string" ? value.length : 4), 0);

/** The five messages that an intent of annex 9.1 becomes on its way, by running the functions on it. */
async function story(): Promise<readonly Outgoing[]> {
  const quiet = { debug: ignore, info: ignore, warn: ignore, error: ignore };
  const scope = { resources: {}, now: () => new Date(), log: quiet, lastAttempt: false, reached: ignore };
  const events: Event[] = [submissionOf("bench-0-000000")];
  for (const fn of [intentClassify, intentTranslate, intentClassify, intentTranslate]) {
    const last = events.at(-1);
    const reply = last === undefined ? undefined : await invoke(fn, last, scope);
    const [next] = reply?.kind === "done" ? reply.events : [];
    if (next === undefined) throw new Error(`${fn.name} made nothing of annex 9.1`);
    events.push(next);
  }
  if (!events.some(({ type }) => type === IntentDerived.type)) throw new Error("annex 9.1 takes no five hops any more");
  return events.map(encodeAmqp);
}

const ignore = (): void => undefined;

/** The mean size of the chain's messages: what the relay carries, all of it in the body. */
export async function meanMessageSize(): Promise<number> {
  const messages = await story();
  return Math.round(messages.reduce((sum, message) => sum + sizeOf(message), 0) / messages.length);
}

export type MakeMessage = (id: string) => Outgoing;

export const chainMessage: MakeMessage = (id) => encodeAmqp(submissionOf(id));

export function relayMessage(size: number, headers: boolean): MakeMessage {
  const body = Buffer.alloc(size, "x");
  const [routingKey = ""] = relayTypes;
  if (headers) return (id) => ({ ...chainMessage(id), routingKey });
  return (id) => ({ exchange: EVENTS_EXCHANGE, routingKey, body, contentType: "application/json", messageId: id, headers: {} });
}

let posted = 0;

/** The intent as a client posts it (JSON is YAML too), over a VLAN or a port that no other one has. */
export function intentDocument(id: string): string {
  posted += 1;
  const own: Readonly<Record<string, string>> = {
    vlanId: String((posted % 4_094) + 1),
    endpointSrc: `eth${String(Math.floor(posted / 4_094))}`,
    endpointDst: `eth${String(Math.floor(posted / 4_094))}`,
  };
  const intentExpectations = annex.intentExpectations.map((expectation) => ({
    ...expectation,
    expectationObject: {
      ...expectation.expectationObject,
      objectContexts: expectation.expectationObject.objectContexts.map((c) => ({
        ...c,
        contextValueRange: own[c.contextAttribute] ?? c.contextValueRange,
      })),
    },
  }));
  return JSON.stringify({ Intent: { ...annex, id, intentExpectations } });
}
