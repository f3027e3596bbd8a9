import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Event } from "../../events/define.ts";
import { matchesTopic } from "../broker/topic.ts";
import { routingKeyOf, routingWord } from "./routing.ts";

const type = "eu.meta-os.nemo.twin.status.changed.v1";
const event = (more: object): Event => ({ specversion: "1.0", id: "1", source: "/s", type, ...more });

describe("routingKeyOf", () => {
  it("is the type alone for what belongs to nobody and is for no executioner", () => {
    expect(routingKeyOf(event({}))).toBe(type);
  });

  it("ends with the user and the workload, so that a user's queue can bind to theirs", () => {
    expect(routingKeyOf(event({ userid: "alice", workloadid: "cbcb208a-0001" }))).toBe(`${type}.alice.cbcb208a-0001`);
    expect(routingKeyOf(event({ userid: "alice" }))).toBe(`${type}.alice.~unmapped`);
    expect(routingKeyOf(event({ workloadid: "w" }))).toBe(`${type}.~nobody.w`);
  });

  it("gives a user's binding that user's events only, whatever users and workloads are called", () => {
    const id = fc.string({ minLength: 1, maxLength: 128, unit: "grapheme" });
    const awkward = fc.oneof(id, fc.constantFrom("*", "#", "a.b", "a", "~nobody", "%2A", "."));
    fc.assert(
      fc.property(awkward, awkward, awkward, (owner, other, workload) => {
        const key = routingKeyOf(event({ userid: owner, workloadid: workload }));
        expect(Buffer.byteLength(key)).toBeLessThanOrEqual(255);
        expect(matchesTopic(`${type}.${routingWord(owner)}.#`, key)).toBe(true);
        expect(matchesTopic(`${type}.${routingWord(other)}.#`, key)).toBe(owner === other);
        expect(matchesTopic(`${type}.#`, key)).toBe(true);
      }),
      {
        examples: [
          ["a.b", "a", "w"],
          ["a", "a.b", "b"],
          ["a", "*", "w"],
          ["a", "#", "w"],
        ],
      },
    );
  });
});
