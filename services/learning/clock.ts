import type { Event } from "../../events/define.ts";
import { LearningDue, RoundDue } from "../../events/learning.ts";

/** What is due when a minute begins. Ids name the minute, and what is the client's own also the client, so that the ticks of two hosts are one event. */
export function learningTicks(fn: string, now: Date, client: () => string): readonly Event[] {
  const dueAt = new Date(Math.floor(now.getTime() / 60_000) * 60_000).toISOString();
  switch (fn) {
    case "cfdrl-step":
      return [LearningDue.make({ source: "/clock", subject: client(), id: `learning ${client()} ${dueAt}`, data: { dueAt } })];
    case "cfdrl-aggregate":
      return [RoundDue.make({ source: "/clock", subject: "round", id: `round ${dueAt}`, data: { dueAt } })];
    default:
      return [];
  }
}
