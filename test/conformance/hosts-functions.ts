import { z } from "zod";
import { defineEvent } from "../../events/define.ts";
import { PermanentError, TransientError } from "../../runtime/errors.ts";
import { defineFunction } from "../../runtime/function.ts";

/** What the functions below leave behind, so that a test can see what a host called. */
export interface Notes {
  readonly tries: Map<string, number>;
  readonly lines: string[];
}

export const openNotes = (): Notes => ({ tries: new Map(), lines: [] });
const notesOf = (notes: Notes): Notes => notes;

const behaviour = z.enum(["answer", "refuse", "late", "down", "pending", "busy", "break", "poison", "undeclared"]);

export const Asked = defineEvent({
  type: "eu.meta-os.nemo.hosttest.asked.v1",
  summary: "Something is asked.",
  data: z.strictObject({ n: z.int(), how: behaviour.default("answer"), below: behaviour.default("answer") }),
});
export const Answered = defineEvent({
  type: "eu.meta-os.nemo.hosttest.answered.v1",
  summary: "It was answered.",
  data: z.strictObject({ n: z.int(), below: behaviour }),
});
export const Refused = defineEvent({
  type: "eu.meta-os.nemo.hosttest.refused.v1",
  summary: "The answer was no.",
  data: z.strictObject({ code: z.string(), reason: z.string() }),
});
export const Placed = defineEvent({
  type: "eu.meta-os.nemo.hosttest.placed.v1",
  summary: "One of several things that follow from an answer.",
  data: z.strictObject({ n: z.int() }),
});
export const Done = defineEvent({
  type: "eu.meta-os.nemo.hosttest.done.v1",
  summary: "The end of it.",
  data: z.strictObject({ n: z.int() }),
});
export const Failed = defineEvent({
  type: "eu.meta-os.nemo.hosttest.failed.v1",
  summary: "It was given up.",
  data: z.strictObject({ code: z.string(), reason: z.string() }),
});
export const Foreign = defineEvent({
  type: "eu.meta-os.nemo.hosttest.foreign.v1",
  summary: "Nobody's.",
  data: z.strictObject({ secret: z.string() }),
});

type Behaviour = z.infer<typeof behaviour>;

/** Throws what it is told to; "late" only the first time. */
function behave(how: Behaviour, tries: number): void {
  if (how === "down" || (how === "late" && tries === 1)) throw new TransientError("PEER_DOWN", "the peer is down");
  if (how === "pending" && tries < 4) throw new TransientError("PEER_PENDING", "not finished", { retryAfterMs: 20 });
  if (how === "busy") throw new TransientError("EFFECT_BUSY", "in work elsewhere", { retryAfterMs: 20 });
  if (how === "poison") throw new PermanentError("N_IMPOSSIBLE", "never");
  if (how === "break") throw new Error("a stack with a secret: hunter2");
}

const counted = ({ tries }: Notes, id: string): number => {
  const count = (tries.get(id) ?? 0) + 1;
  tries.set(id, count);
  return count;
};

export const answer = defineFunction({
  name: "hosttest-answer",
  summary: "Answers what is asked.",
  on: [Asked],
  emits: [Answered, Refused, Failed],
  resources: { notes: notesOf },
  handle(event, { resources: { notes }, lastAttempt }) {
    const { n, how, below } = event.data;
    if (lastAttempt) notes.lines.push(`last ${event.id}`);
    behave(how, counted(notes, event.id));
    const from = { source: "/test/answer", subject: String(n), cause: event };
    if (how === "refuse") return [Refused.make({ ...from, data: { code: "N_UNSUITABLE", reason: "not this one" } })];
    if (how === "undeclared") return [Done.make({ ...from, data: { n } })];
    return [Answered.make({ ...from, data: { n: n * 2, below } })];
  },
  settled(event, { resources: { notes } }) {
    notes.lines.push(`settled answer ${event.id}`);
    return Promise.resolve();
  },
  exhausted: (event, fault) => [Failed.make({ source: "/test/answer", subject: "s", cause: event, data: fault })],
});

export const place = defineFunction({
  name: "hosttest-place",
  summary: "Makes several out of one.",
  on: [Answered],
  emits: [Placed, Failed],
  resources: { notes: notesOf },
  handle(event, { resources: { notes } }) {
    const { n, below } = event.data;
    behave(below, counted(notes, event.id));
    const from = { source: "/test/place", subject: String(n), cause: event };
    return ["left", "right", "left"].map((executioner, index) => Placed.make({ ...from, index, executioner, data: { n: n + index } }));
  },
  settled(event, { resources: { notes } }) {
    notes.lines.push(`settled place ${event.id}`);
    return Promise.resolve();
  },
  exhausted: (event, fault) => [Failed.make({ source: "/test/place", subject: "s", cause: event, data: fault })],
});

const ending = (executioner: string) =>
  defineFunction({
    name: `hosttest-${executioner}`,
    summary: `Ends what was placed for ${executioner}.`,
    on: [Placed],
    where: { executioner },
    emits: [Done],
    resources: { notes: notesOf },
    handle: (event) => [Done.make({ source: `/test/${executioner}`, subject: "s", cause: event, data: { n: event.data.n } })],
  });
export const left = ending("left");
export const right = ending("right");

export const chain = [answer, place, left, right];
