import { check } from "k6";
import http from "k6/http";
import { Rate, Trend } from "k6/metrics";
import { freshId, intent, steady } from "./annex.ts";

// k6 run -e TARGET=http://127.0.0.1:8080 load/k6/event.ts, where intent-classify listens there

const target = __ENV["TARGET"] ?? "http://127.0.0.1:8080";
const answered = new Rate("kpi_events_answered");
const duration = new Trend("kpi_event_duration", true);

export const options = {
  scenarios: { events: steady },
  thresholds: {
    kpi_events_answered: ["rate>0.99"],
    kpi_event_duration: ["p(95)<50"],
    dropped_iterations: ["count<1"],
  },
};

const wanted = "eu.meta-os.nemo.intent.classified.v1";

/** A refusal is a 200 too, so the type of the reply decides. k6 spells header names canonically. */
const typeOf = (headers: Readonly<Record<string, string>>): string | undefined => headers["Ce-Type"] ?? headers["ce-type"];

export default async function send(): Promise<void> {
  const id = freshId();
  const event = {
    specversion: "1.0",
    id,
    source: "/load",
    type: "eu.meta-os.nemo.intent.submitted.v1",
    subject: id,
    datacontenttype: "application/json",
    data: { intent: intent(id), generation: 1, submission: 1, wanted: "active" },
  };
  const headers = { "Content-Type": "application/cloudevents+json" };
  const reply = await http.asyncRequest("POST", target, JSON.stringify(event), { headers });
  answered.add(check(reply, { "200, and it is classified": (r) => r.status === 200 && typeOf(r.headers) === wanted }));
  duration.add(reply.timings.duration);
}
