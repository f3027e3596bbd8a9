import { check } from "k6";
import http from "k6/http";
import { Rate, Trend } from "k6/metrics";
import { freshId, intent, steady } from "./annex.ts";

// k6 run -e TARGET=http://127.0.0.1:8080 load/k6/plans.ts

const target = __ENV["TARGET"] ?? "http://127.0.0.1:8080";
const planned = new Rate("kpi_plans_made");
const duration = new Trend("kpi_plan_duration", true);

export const options = {
  scenarios: { plans: steady },
  thresholds: {
    kpi_plans_made: ["rate>0.99"],
    kpi_plan_duration: ["p(95)<150"],
    dropped_iterations: ["count<1"],
  },
};

const isPlan = (text: unknown): boolean => /^[0-9a-f]{16}$/.test((JSON.parse(String(text)) as { readonly hash: string }).hash);

export default async function plan(): Promise<void> {
  const body = JSON.stringify({ Intent: intent(freshId()) });
  const reply = await http.asyncRequest("POST", `${target}/v1/plans`, body, { headers: { "Content-Type": "application/json" } });
  planned.add(check(reply, { "200, and a plan to apply": (r) => r.status === 200 && isPlan(r.body) }));
  duration.add(reply.timings.duration);
}
