import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { problems } from "../../../test/support/tsn-problems.ts";
import { trafficPattern } from "../fiveg/tscai.ts";
import { plan } from "../operations.ts";
import { gantt } from "../render/gantt.ts";
import type { Problem } from "../model.ts";
import type { Schedule } from "../schedule.ts";
import { transmissionNs } from "../wire.ts";
import { streamGates } from "./stream-gates.ts";
import { taprioScript } from "./taprio.ts";
import { yangOfBridges } from "./yang.ts";
import { BridgeDocument } from "./yang-schema.ts";

/** Looks at schedules of random problems; a property that saw none fails. */
function ofEverySchedule(look: (problem: Problem, schedule: Schedule) => void): void {
  let seen = 0;
  fc.assert(
    fc.property(problems(), (problem) => {
      const planned = plan(problem);
      if (!planned.ok || planned.value.verdict !== "scheduled" || planned.value.schedule.streams.length === 0) return;
      seen += 1;
      look(problem, planned.value.schedule);
    }),
    { numRuns: 60 },
  );
  expect(seen).toBeGreaterThan(10);
}

describe("of any network and any schedule of it", () => {
  it("every bridge's document keeps to our schema, and has the gates that were planned", () => {
    ofEverySchedule((problem, schedule) => {
      const documents = yangOfBridges({ problem, frames: {}, macAddresses: {}, fiveGs: [] }, schedule);
      expect(documents.size).toBe(problem.nodes.filter(({ kind }) => kind !== "end-station").length);
      let lists = 0;
      for (const [id, document] of documents) {
        expect(BridgeDocument.safeParse(document), id).toMatchObject({ success: true });
        lists += document["ietf-interfaces:interfaces"].interface.filter(
          (one) => one["ieee802-dot1q-bridge:bridge-port"]["ieee802-dot1q-sched-bridge:gate-parameter-table"]["gate-enabled"],
        ).length;
      }
      const stations = new Set(problem.nodes.filter(({ kind }) => kind === "end-station").map(({ id }) => id));
      const ofBridges = schedule.ports.filter(({ link }) => !stations.has(problem.links.find(({ id }) => id === link)?.from ?? ""));
      expect(lists).toBe(ofBridges.length);
    });
  });

  it("a stream gate lets in each frame whole, and its traffic pattern is the stream's interval", () => {
    ofEverySchedule((problem, schedule) => {
      for (const gate of streamGates(problem, schedule)) {
        const stream = problem.streams.find(({ id }) => id === gate.stream);
        const link = problem.links.find(({ id }) => id === gate.ingress);
        const hop = schedule.streams.find(({ id }) => id === gate.stream)?.members[gate.tree]?.hops.find((h) => h.link === gate.ingress);
        if (stream === undefined || link === undefined || hop === undefined) throw new Error("a gate is of a hop");
        expect(gate.entries.reduce((sum, { intervalNs }) => sum + intervalNs, 0)).toBe(gate.cycleNs);
        const pattern = trafficPattern({ baseTimeNs: BigInt(gate.baseNs), cycleNs: gate.cycleNs, entries: gate.entries });
        if (!pattern.ok) throw new Error(pattern.reason);
        expect(pattern.value.periodicityNs).toBe(stream.intervalNs);
        const openNs = gate.entries.find(({ isOpen }) => isOpen)?.intervalNs ?? 0;
        if (openNs === gate.cycleNs) continue;
        // From the opening to the frame's first octet, within the cycle.
        const from = hop.startNs + link.propagationNs - Number(pattern.value.burstArrivalNs);
        const waitedNs = ((from % gate.cycleNs) + gate.cycleNs) % gate.cycleNs;
        expect(waitedNs + transmissionNs(stream, link, problem.semantics.size)).toBeLessThanOrEqual(openNs);
      }
    });
  });

  it("the picture and the script say as much as the schedule has", () => {
    ofEverySchedule((problem, schedule) => {
      const picture = gantt(problem, schedule);
      if (!picture.ok) throw new Error(picture.reason);
      expect(picture.value.match(/class="port"/g)).toHaveLength(schedule.ports.length);
      for (const { id } of schedule.streams) expect(picture.value).toContain(`data-stream="${id}"`);
      const stations = new Set(problem.nodes.filter(({ kind }) => kind === "end-station").map(({ id }) => id));
      const entries = schedule.ports
        .filter(({ link }) => !stations.has(problem.links.find(({ id }) => id === link)?.from ?? ""))
        .reduce((sum, port) => sum + port.entries.length, 0);
      expect(taprioScript(problem, schedule).match(/sched-entry S [0-9a-f]{2} \d+ /g) ?? []).toHaveLength(entries);
    });
  });
});
