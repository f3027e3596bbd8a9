import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { goldenText } from "../../../test/support/golden.ts";
import { plan, validate } from "../operations.ts";
import { readStreams, readTableNetwork } from "./tsnkit.ts";
import { readTsnkitSchedule, tsnkitTables, writeTsnkit } from "./tsnkit-schedule.ts";

const example = (name: string): string => readFileSync(new URL(`../examples/${name}`, import.meta.url), "utf8");
const network = readTableNetwork(example("line-topology.csv"), { guardBand: "none" });
const streams = readStreams(example("line-streams.csv"));
if (!network.ok || !streams.ok) throw new Error("the examples can be read");
const problem = { ...network.value.problem, streams: [...streams.value] };
const planned = plan(problem);
if (!planned.ok || planned.value.verdict !== "scheduled") throw new Error("the example can be scheduled");
const { schedule } = planned.value;
const tables = writeTsnkit(problem, schedule);

describe("a schedule as tsnkit's tables", () => {
  it.each(tsnkitTables)("has the columns of %s", (table) => {
    const [header] = tables[table].split("\n");
    const golden = goldenText(
      new URL("golden/tsnkit-headers.txt", import.meta.url),
      `${tsnkitTables.map((t) => tables[t].split("\n")[0]).join("\n")}\n`,
    );
    expect(golden.split("\n")).toContain(header);
  });

  it("comes back with every offset, hop and queue, and is still valid", () => {
    const read = readTsnkitSchedule(problem, tables);
    if (!read.ok) throw new Error(JSON.stringify(read));
    const back = read.value.schedule;
    expect(back.streams.map(({ id, members }) => ({ id, members }))).toEqual(schedule.streams.map(({ id, members }) => ({ id, members })));
    expect(back.streams.map(({ latencyNs }) => latencyNs)).toEqual(schedule.streams.map(({ latencyNs }) => latencyNs));
    expect(validate({ ...problem, scheduledClasses: read.value.scheduledClasses }, back)).toEqual([]);
  });

  it("may number its queues from 0, as tsnkit's own methods do: those that have windows are the scheduled ones", () => {
    const renumbered = { ...tables, GCL: tables.GCL.replaceAll('",7,', '",0,'), QUEUE: tables.QUEUE.replaceAll(",7\n", ",0\n") };
    const read = readTsnkitSchedule(problem, renumbered);
    if (!read.ok) throw new Error(JSON.stringify(read));
    expect(read.value.scheduledClasses).toEqual([0]);
    expect(validate({ ...problem, scheduledClasses: [0] }, read.value.schedule)).toEqual([]);
  });

  it("has a window for each frame of the cycle, in two rows where it crosses the end", () => {
    const moved = {
      ...schedule,
      streams: schedule.streams.map((s) =>
        s.id === "1" ? { ...s, members: [{ tree: 0, hops: [{ link: "(4, 1)", startNs: 249_000, queue: 7 }] }] } : s,
      ),
    };
    const rows = writeTsnkit(problem, moved)
      .GCL.split("\n")
      .filter((row) => row.startsWith('"(4, 1)"'));
    expect(rows).toContain('"(4, 1)",7,499000,500000,500000');
    expect(rows).toContain('"(4, 1)",7,0,600,500000');
    expect(rows).toContain('"(4, 1)",7,249000,250600,500000');
  });

  it.each([
    ["GCL", '"(0, 9)",7,0,10,100', "there is no such link"],
    ["GCL", '"(0, 1)",8,0,10,100', "a queue from 0 to 7"],
    ["GCL", '"(0, 1)",7,10,10,100', "start < end"],
    ["GCL", '"(0, 1)",7,0,200,100', "start < end"],
    ["ROUTE", '0,"(0, 9)"', "there is no such link"],
  ] as const)("is refused in table %s at the row %s", (table, row, reason) => {
    const read = readTsnkitSchedule(problem, { ...tables, [table]: `${tables[table]}${row}\n` });
    expect(read).toMatchObject({
      ok: false,
      table,
      faults: [{ line: tables[table].split("\n").length, reason: expect.stringContaining(reason) }],
    });
  });
});
