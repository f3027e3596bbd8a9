import { describe, expect, it } from "vitest";
import { goldenText } from "../../../test/support/golden.ts";
import { small } from "../../../test/support/tsn.ts";
import { gantt } from "./gantt.ts";
import { escaped } from "./svg.ts";
import { timelineOf } from "./timeline.ts";

const { input, schedule } = small();
const { problem } = input;
const picture = (...args: Parameters<typeof gantt>): string => {
  const drawn = gantt(...args);
  if (!drawn.ok) throw new Error(drawn.reason);
  return drawn.value;
};
const count = (svg: string, pattern: RegExp): number => svg.match(pattern)?.length ?? 0;

/** Tags that open and close as XML wants it, and no stray ampersand or bracket. */
function isWellFormed(xml: string): boolean {
  const open: string[] = [];
  for (const [, closing, name = "", rest = ""] of xml.matchAll(/<(\/?)([A-Za-z]+)((?:\s+[\w:-]+="[^"<]*")*\s*\/?)>/g)) {
    if (closing === "/") {
      if (open.pop() !== name) return false;
    } else if (!rest.endsWith("/")) open.push(name);
  }
  const text = xml.replaceAll(/<\/?[A-Za-z]+(?:\s+[\w:-]+="[^"<]*")*\s*\/?>/g, "");
  return open.length === 0 && !/[<>]/.test(text) && !/&(?!(?:amp|lt|gt|quot|#39);)/.test(xml);
}

describe("the picture of a schedule", () => {
  it("is its golden file, to the letter", () => {
    const svg = picture(problem, schedule, { title: "Small" });
    expect(svg).toBe(goldenText(new URL("golden/small.svg", import.meta.url), svg));
  });

  it("is well-formed XML, whatever streams and nodes are called", () => {
    expect(isWellFormed(picture(problem, schedule))).toBe(true);
    const bad = `<script>alert("1")</script>&'\u0007`;
    const named = {
      ...problem,
      links: problem.links.map((link) => ({ ...link, port: bad })),
      streams: problem.streams.map((stream) => (stream.id === "cmd" ? { ...stream, id: bad } : stream)),
    };
    const renamed = { ...schedule, streams: schedule.streams.map((s) => (s.id === "cmd" ? { ...s, id: bad } : s)) };
    const svg = picture(named, renamed, { title: bad });
    expect(isWellFormed(svg)).toBe(true);
    expect(svg).not.toContain("<script");
    expect(escaped(bad)).toBe("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;");
  });

  it("has every frame and every gate of the cycle, in two pieces where one crosses its end", () => {
    const { horizonNs, rows } = timelineOf(problem, schedule);
    expect(horizonNs).toBe(10_000_000);
    const svg = picture(problem, schedule);
    const blocks = rows.flatMap((row) => row.blocks);
    const crossing = blocks.filter(({ toNs }) => toNs > horizonNs).length;
    expect(crossing).toBe(2); // the last turn of each tree of `log` is still on the wire when the cycle ends
    expect(count(svg, /class="frame"/g)).toBe(blocks.length + crossing);
    expect(count(svg, /class="gate /g)).toBe(rows.reduce((sum, { bands }) => sum + bands.length, 0));
    // Once each 10 ms, and five times each 2 ms on either tree's port.
    expect(blocks.filter(({ stream }) => stream === "cmd")).toHaveLength(2);
    expect(blocks.filter(({ stream }) => stream === "log")).toHaveLength(10);
  });

  it("shows guard bands, deadlines, what waits, and which tree is which", () => {
    const svg = picture(problem, schedule);
    expect(count(svg, /class="gate guard"/g)).toBe(1 + 5 + 5 + 1);
    expect(count(svg, /<title>deadline of log<\/title>/g)).toBe(10);
    expect(count(svg, /class="waiting"/g)).toBeGreaterThan(0);
    expect(svg).toContain("log (tree 2)");
    expect(count(svg, /stroke-dasharray="2 1.5"/g)).toBe(6);
  });

  it("shows a part of the cycle, or the ports around one bridge", () => {
    const part = picture(problem, schedule, { fromNs: 0, toNs: 300_000 });
    expect(count(part, /data-stream="cmd"/g)).toBe(1);
    expect(part).toContain(">300</text>");
    expect(count(picture(problem, schedule, { node: "sw2" }), /class="port"/g)).toBe(1);
  });

  it("is refused where there is nothing to show, or more than a picture holds", () => {
    expect(gantt(problem, schedule, { node: "nobody" })).toMatchObject({ ok: false, code: "TSN_PICTURE_EMPTY" });
    expect(gantt(problem, schedule, { fromNs: 10_000_000 })).toMatchObject({ code: "TSN_PICTURE_EMPTY" });
    const fast = { ...problem, streams: problem.streams.map((stream) => ({ ...stream, intervalNs: 100 })) };
    expect(gantt(fast, schedule)).toMatchObject({ code: "TSN_PICTURE_TOO_LARGE", reason: expect.stringContaining("choose a bridge") });
  });
});
