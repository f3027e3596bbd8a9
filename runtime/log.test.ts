import { expect, it } from "vitest";
import { eventLog, openLog } from "./log.ts";

const event = {
  specversion: "1.0",
  id: "1",
  source: "/t",
  type: "t.v1",
  correlationid: "0",
  traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`,
};

function written(level: string, say: (log: ReturnType<typeof openLog>) => void): object[] {
  const lines: object[] = [];
  say(openLog(level, { write: (line: string) => lines.push(JSON.parse(line) as object) }));
  return lines;
}

it("says which function and which event it is about", () => {
  const [line] = written("info", (log) => eventLog(log, "answer", event).info({ n: 1 }, "it is so"));
  expect(line).toMatchObject({
    fn: "answer",
    ceType: "t.v1",
    ceId: "1",
    correlationId: "0",
    traceId: "a".repeat(32),
    n: 1,
    msg: "it is so",
  });
});

it("says nothing below its level", () => {
  expect(written("warn", (log) => eventLog(log, "answer", event).info({}, "it is so"))).toEqual([]);
});

it("censors what slips through", () => {
  const lines = written("info", (log) => {
    log.info({ intent: { secret: "hunter2" } }, "one");
    log.info({ controller: { token: "hunter2" } }, "two");
  });
  expect(lines).toHaveLength(2);
  expect(JSON.stringify(lines)).not.toContain("hunter2");
});
