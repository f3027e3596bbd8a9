import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasPromtool, promtoolParses } from "../../test/support/promtool.ts";
import { twinFixture } from "../../test/support/twin-fixtures.ts";
import { parseExposition, type Sample } from "./exposition.ts";

const parse = (text: string, options = {}): readonly Sample[] => {
  const read = parseExposition(text, options);
  if (!read.ok) throw new Error(read.reason);
  return read.value;
};
const isSampleLine = (line: string): boolean => line.trim() !== "" && !line.startsWith("#");

describe("parseExposition", () => {
  it.each([
    ["linkerd/sampleMetrics.txt", 199],
    ["linkerd/linkerd_v2.txt", 1_328],
    ["kubelet/cadvisor_metrics_post_1_16.txt", 1_399],
  ])("reads every sample of the real scrape %s", (file, samples) => {
    const text = twinFixture(file);
    const whole = text.endsWith("\n") ? text : `${text}\n`;
    const lines = text.split("\n").filter(isSampleLine);
    expect(lines).toHaveLength(samples);
    const read = parse(whole);
    expect(read.map(({ name }) => name)).toEqual(lines.map((line) => line.slice(0, line.search(/[{ ]/))));
    expect(read.every(({ value }) => Number.isFinite(value))).toBe(true);
  });

  it("keeps label sets apart where a popular parser writes one over the other", () => {
    const read = parse(twinFixture("linkerd/sampleMetrics.txt")).filter(({ name }) => name === "control_response_latency_ms_count");
    expect(new Set(read.map(({ labels }) => labels.get("addr"))).size).toBe(read.length);
    expect(read.length).toBeGreaterThan(1);
  });

  // What promtool 2.42 says of each line, except where the comment says why not.
  const accepted = [
    "a 1",
    "a{} 1",
    'a{b="c"} 1',
    'a{b="c",} 1',
    'a {b="c"} 1',
    'a{ b = "c" , d="e" } 1',
    'a{b="c"}1',
    'a{b="\\n\\\\\\""} 1',
    "a 1 2",
    "a 1 -2",
    "a NaN",
    "a +Inf",
    "a -inf",
    "a infinity",
    "a 1e3",
    "a .5",
    "a 5.",
    "a +5",
    'a{__proto__="x"} 1',
    "a:b 1",
    "  a 1",
    'a{b="ü"} 1',
    "# anything goes here {",
    "",
  ];
  const refused = [
    "a{,} 1",
    'a{b="c",,} 1',
    'a{b="\\t"} 1',
    "1a 1",
    "a",
    "a x",
    "a 1 2 3",
    "a 1 2.5",
    "a 0x1p-2",
    "a 1_0",
    'a{b="c" d="e"} 1',
    'a{b="c"',
    'a{b="c} 1',
    "a{b=c} 1",
    'a{b="c",b="d"} 1',
    'a{b:c="x"} 1',
    "a-b 1",
    "a,1",
    'a{="x"} 1',
    '{b="c"} 1',
    "a 1e",
    'a{__name__="x"} 1',
    "a 1\r",
    'kube_deployment_labels{label_tags.com_env="dev"} 1',
  ];

  it.each(accepted)("takes %j", (line) => {
    expect(parseExposition(`${line}\n`).ok).toBe(true);
    if (hasPromtool) expect(promtoolParses(`${line}\n`)).toBe(true);
  });

  it.each(refused)("refuses %j, and names the line", (line) => {
    expect(parseExposition(`a 1\n${line}\n`)).toMatchObject({ ok: false, code: "EXPOSITION_INVALID", path: "/line/2" });
    if (hasPromtool) expect(promtoolParses(`${line}\n`)).toBe(false);
  });

  it("takes blanks at the end, exemplars and quoted names, which a scrape is not worth losing for", () => {
    expect(parse('a 1 \n{"http.server", method="GET"} 2 # {trace_id="x"} 1\n')).toEqual([
      { name: "a", labels: new Map(), value: 1, timestampMs: null },
      { name: "http.server", labels: new Map([["method", "GET"]]), value: 2, timestampMs: null },
    ]);
  });

  it("refuses a scrape that is cut off, even in the middle of a number that would still be one", () => {
    const whole = "a 1\nb 1234\n";
    for (let end = 1; end < whole.length; end += 1)
      expect([end, parseExposition(whole.slice(0, end)).ok]).toEqual([end, whole.slice(0, end).endsWith("\n")]);
  });

  it("reads what is wanted and no more than the name of the rest", () => {
    const text = 'kube_deployment_labels{label_tags.com_env="dev"} 1\nkube_deployment_spec_replicas{deployment="d"} 3\n';
    expect(parse(text, { wanted: new Set(["kube_deployment_spec_replicas"]) }).map(({ value }) => value)).toEqual([3]);
  });

  it("refuses what is no scrape at all, wanted or not", () => {
    for (const text of ["Third-party data\n", "<html>\n", "{}\n", '[{"a":1}]\n', "name\n"])
      expect([text, parseExposition(text, { wanted: new Set(["a"]) }).ok]).toEqual([text, false]);
  });

  it("refuses more than it is asked to hold", () => {
    expect(parseExposition("a 1\n".repeat(3), { maxSamples: 2 })).toMatchObject({ ok: false, code: "EXPOSITION_TOO_LARGE" });
    expect(parseExposition("a 1\n".repeat(3), { maxCharacters: 11 })).toMatchObject({ ok: false, code: "EXPOSITION_TOO_LARGE" });
  });

  it("reads back whatever is written in the format", () => {
    const labelName = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}$/).filter((name) => name !== "__name__");
    const sample = fc.record({
      name: fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,8}$/),
      labels: fc.dictionary(labelName, fc.string({ unit: "grapheme" }), { noNullPrototype: false }),
      value: fc.oneof(
        fc.double({ noNaN: true }).map((value) => value + 0),
        fc.integer(),
      ), // -0 is written as 0
      timestampMs: fc.option(fc.integer()),
    });
    const escape = (value: string): string => value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
    const number = (value: number): string => (Number.isFinite(value) ? String(value) : value > 0 ? "+Inf" : "-Inf");
    fc.assert(
      fc.property(fc.array(sample), (samples) => {
        const text = samples
          .map(({ name, labels, value, timestampMs }) => {
            const inner = Object.entries(labels).map(([label, of]) => `${label}="${escape(of)}"`);
            return `${name}{${inner.join(",")}} ${number(value)}${timestampMs === null ? "" : ` ${String(timestampMs)}`}\n`;
          })
          .join("");
        expect(parse(text)).toEqual(samples.map((one) => ({ ...one, labels: new Map(Object.entries(one.labels)) })));
      }),
    );
  });

  it("never throws, whatever it is given", () => {
    const bits = fc.constantFrom("a", "{", "}", '"', "=", ",", "\\", "\n", " ", "1", "#", "le", "+Inf", "é");
    fc.assert(
      fc.property(
        fc.array(bits).map((parts) => parts.join("")),
        (text) => void parseExposition(text),
      ),
    );
  });
});
