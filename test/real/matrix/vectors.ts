import { readFileSync } from "node:fs";
import type { Event } from "../../../events/define.ts";
import { IntentSubmitted } from "../../../events/intent.ts";
import { sealedIntents } from "../../conformance/library-examples.ts";
import { Asked } from "../../conformance/hosts-functions.ts";

/** An event that every host is given. What has to come of it is in golden.json, by name. */
export interface Vector {
  readonly name: string;
  readonly event: Event;
}

type Data = (typeof Asked)["data"]["_output"];
const asked = (id: string, data: Partial<Data> = {}): Event =>
  Asked.make({ source: "/vectors", subject: "s", id: `vector-${id}`, data: { n: 21, how: "answer", below: "answer", ...data } });

function submitted(id: string, file: string): Event {
  const [first] = sealedIntents(readFileSync(new URL(`../../golden/${file}`, import.meta.url)));
  if (first === undefined) throw new Error(`${file} holds no intent`);
  const { intent } = first;
  const data = { intent, generation: 1, submission: 1, wanted: "active" as const, retired: [] };
  return IntentSubmitted.make({ source: "/vectors", subject: intent.id, id: `vector-${id}`, data });
}

const untyped = (): Event => {
  const { datacontenttype: _left, ...event } = asked("untyped");
  return event as Event;
};

export const vectors: readonly Vector[] = [
  { name: "four functions, three events out of one", event: asked("chain") },
  { name: "a refusal", event: asked("refusal", { how: "refuse" }) },
  { name: "defaults of the schema", event: { ...asked("defaults"), data: { n: 1 } } },
  { name: "data that fail the schema", event: { ...asked("invalid"), data: { n: "x" } } },
  { name: "more than 64 KiB", event: { ...asked("large"), data: { n: 1, padding: "x".repeat(70_000) } } },
  { name: "no content type of the data", event: untyped() },
  {
    name: "a story that began elsewhere",
    event: { ...asked("elsewhere"), correlationid: "story-1", causationid: "cause-1", partitionkey: "p 1", hops: 3 },
  },
  {
    name: "a trace",
    event: { ...asked("trace"), traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", tracestate: "a=b" },
  },
  { name: "a peer that was down once", event: asked("late", { how: "late" }) },
  { name: "a peer that stays down", event: asked("down", { how: "down" }) },
  { name: "a function that breaks", event: asked("break", { how: "break" }) },
  { name: "annex 9.1, an L2VPN", event: submitted("annex-9.1", "annex-9.1-tfs-l2vpn.yaml") },
  { name: "annex 9.2, a network over clusters", event: submitted("annex-9.2", "annex-9.2-l2sm.yaml") },
  { name: "a subject that is not ASCII", event: { ...asked("umlaut"), subject: "Straße 100 % 東京", data: { n: "x" } } },
];
