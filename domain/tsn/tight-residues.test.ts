import { expect, it } from "vitest";
import { Problem } from "./model.ts";
import { plan, validate } from "./operations.ts";
import { checkCertificate } from "./verify/certificate.ts";

const link = (from: string, to: string) => ({ id: `${from}>${to}`, from, to, rateMbps: 1000 });
const stream = (id: string, talker: string, us: number, frameBytes: number, maxLatencyNs: number) => ({
  id,
  talker,
  listeners: ["e1"],
  intervalNs: us * 1000,
  frameBytes,
  maxLatencyNs,
});

/** On the last link, with 0 every 6 µs, 1 every 8 µs, 2 (three times as long) every 12 µs: 2 at 0, 1 at 3 and 0 at 4 µs never meet. */
const problem = Problem.parse({
  nodes: [
    ...["e0", "e1", "e2"].map((id) => ({ id, kind: "end-station" })),
    { id: "b", kind: "bridge", processing: { minNs: 1000, maxNs: 1000 } },
  ],
  links: [link("e0", "b"), link("e2", "b"), link("b", "e1")],
  streams: [stream("0", "e2", 6, 125, 3000), stream("1", "e2", 8, 125, 3000), stream("2", "e0", 12, 375, 7000)],
  semantics: { size: "wire", latencyFrom: "release", latencyTo: "end-of-frame" },
});

it("schedules three streams whose intervals leave each of them one residue", () => {
  const planned = plan(problem, { seed: 1, iterationBudget: 20_000 });
  if (!planned.ok) throw new Error(planned.reason);
  if (planned.value.verdict === "infeasible")
    throw new Error(JSON.stringify([planned.value.certificate, checkCertificate(problem, planned.value.certificate)]));
  if (planned.value.verdict !== "scheduled") throw new Error("undecided");
  expect(validate(problem, planned.value.schedule)).toEqual([]);
});
