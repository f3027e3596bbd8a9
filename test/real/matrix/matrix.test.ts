import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Event } from "../../../events/define.ts";
import type { Matrix } from "../../../scripts/real/matrix.ts";
import { goldenText } from "../../support/golden.ts";
import { hosts, type OpenHost } from "./hosts.ts";
import { type Vector, vectors } from "./vectors.ts";

/** Cells that differ, and why; a cell that is equal all the same fails. */
const KNATIVE = ["Knative", "Knative from AMQP"];
const OVER_HTTP = ["node:http", "of-watchdog", ...KNATIVE];
const known: Matrix["known"] = [
  {
    vector: "more than 64 KiB",
    hosts: [...OVER_HTTP, "RabbitMQ, over the bridge"],
    why: "the limit is HTTP's, and what is beyond it is refused unread: a rejection that belongs to no story",
  },
  ...["a peer that stays down", "a function that breaks"].map((vector) => ({
    vector,
    hosts: OVER_HTTP,
    why: "whoever asks again counts, and the function is not told that it was the last time: a dead letter, and no event that says so",
  })),
  {
    vector: "a subject that is not ASCII",
    hosts: KNATIVE,
    why: "the ingress keeps an attribute percent-encoded as it came over HTTP: functions read it right, a reader of the exchange does not",
  },
];
const isKnown = (vector: string, host: string): boolean => known.some((one) => one.vector === vector && one.hosts.includes(host));

const file = new URL("golden.json", import.meta.url);
const rows: Record<string, Matrix["rows"][number]["cells"]> = Object.fromEntries(vectors.map(({ name }) => [name, {}]));
type Golden = Readonly<Record<string, readonly Event[]>>;
let golden: Golden = {};

/** An event as it would be anywhere: without its time, attributes as the text that they are on every wire, by id. */
const plainOf = (events: readonly Event[]): readonly object[] =>
  events
    .map(({ time: _time, data, ...attributes }) => ({
      ...Object.fromEntries(
        Object.entries(attributes)
          .map(([name, value]) => [name, String(value)] as const)
          .toSorted(([a], [b]) => (a < b ? -1 : 1)),
      ),
      data,
    }))
    .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

/** What came of a vector: as many events as there have to be, and what else comes soon after. */
async function run(host: OpenHost, { event }: Vector, atLeast: number): Promise<readonly object[]> {
  const story = event["correlationid"] ?? event.id;
  const caused = () => host.seen().filter((seen) => seen["correlationid"] === story && seen.id !== event.id);
  await host.send(event);
  const end = performance.now() + 3_000;
  while (caused().length < atLeast && performance.now() < end) await sleep(10);
  await sleep(250);
  return plainOf(caused());
}

beforeAll(async () => {
  const made: Record<string, readonly object[]> = {};
  if (process.env["UPDATE"] === "1") {
    const [first] = hosts;
    if (first === undefined) throw new Error("there is no host");
    const host = await first.open();
    for (const vector of vectors) made[vector.name] = await run(host, vector, Number.POSITIVE_INFINITY);
    await host.close();
  }
  golden = JSON.parse(goldenText(file, `${JSON.stringify(made, null, 2)}\n`)) as Golden;
}, 120_000);

describe.each(hosts)("$name", ({ name, why, open }) => {
  describe.skipIf(why !== undefined)("gives the golden events for", () => {
    let host: OpenHost;
    beforeAll(async () => {
      host = await open();
    }, 60_000);
    afterAll(() => host.close());

    it.each(vectors)("$name", async (vector) => {
      const due = golden[vector.name] ?? [];
      const seen = await run(host, vector, isKnown(vector.name, name) ? 0 : due.length);
      const isEqual = JSON.stringify(seen) === JSON.stringify(plainOf(due));
      const cell = isEqual ? "equal" : isKnown(vector.name, name) ? "differs, as known" : "differs";
      rows[vector.name] = { ...rows[vector.name], [name]: cell };
      if (isKnown(vector.name, name)) expect(isEqual, "it is equal, and no longer known to differ").toBe(false);
      else expect(seen).toEqual(plainOf(due));
    });
  });
});

afterAll(() => {
  const matrix: Matrix = {
    hosts: hosts.map(({ name, why }) => ({ name, ...(why === undefined ? {} : { why }) })),
    rows: Object.entries(rows).map(([vector, cells]) => ({ vector, cells })),
    known,
  };
  const to = process.env["REAL_MATRIX"];
  if (to !== undefined) writeFileSync(to, JSON.stringify(matrix));
});
