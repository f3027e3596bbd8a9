import { check } from "k6";
import http from "k6/http";
import { Rate, Trend } from "k6/metrics";
import { freshId, intent, steady } from "./annex.ts";

// k6 run -e TARGET=http://127.0.0.1:8080 load/k6/intents.ts

const target = __ENV["TARGET"] ?? "http://127.0.0.1:8080";
const taken = new Rate("kpi_intents_taken");
const duration = new Trend("kpi_intent_taken_duration", true);

export const options = {
  scenarios: { intents: steady },
  thresholds: {
    kpi_intents_taken: ["rate>0.99"],
    kpi_intent_taken_duration: ["p(95)<150"],
    http_req_failed: ["rate<0.01"],
    dropped_iterations: ["count<1"],
  },
};

interface Taken {
  readonly intents: readonly { readonly id: string; readonly submission: number; readonly orders: readonly { readonly state: string }[] }[];
}

/** 202 says that something was taken; the body has to say that it was this intent, and that its order is placed. */
function isTaken(text: unknown, id: string): boolean {
  const [record] = (JSON.parse(String(text)) as Taken).intents;
  return record?.id === id && record.submission === 1 && record.orders.length === 1 && record.orders[0]?.state !== "failed";
}

export default async function submit(): Promise<void> {
  const id = freshId();
  const body = JSON.stringify({ Intent: intent(id) });
  const reply = await http.asyncRequest("POST", `${target}/v1/intents`, body, { headers: { "Content-Type": "application/json" } });
  taken.add(check(reply, { "202, and the order is placed": (r) => r.status === 202 && isTaken(r.body, id) }));
  duration.add(reply.timings.duration);
}
