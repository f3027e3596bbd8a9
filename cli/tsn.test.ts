import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "./run.ts";

const examples = join(import.meta.dirname, "../domain/tsn/examples");
const example = (name: string): string => join(examples, name);
const five = example("five-bridges.json");
const line = ["--streams", example("line-streams.csv"), "--topology", example("line-topology.csv")];

interface Answered {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** No server is there, and none is asked. */
async function tsn(...words: readonly string[]): Promise<Answered> {
  return tsnOn("", ...words);
}

async function tsnOn(stdin: string, ...words: readonly string[]): Promise<Answered> {
  const written = { stdout: "", stderr: "" };
  const exitCode = await run(["tsn", ...words], {
    env: { UNDERLAY_URL: "http://127.0.0.1:1" },
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
    stdin: () => Promise.resolve(Buffer.from(stdin)),
    interrupted: () => new AbortController().signal,
  });
  return { exitCode, ...written };
}

let dir: string;
const at = (name: string): string => join(dir, name);
const write = async (name: string, text: string): Promise<string> => {
  await writeFile(at(name), text);
  return at(name);
};
let plan: string;
let linePlan: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "underlay-tsn-"));
  plan = await write("plan.json", (await tsn("plan", "--config", five, "-o", "json")).stdout);
  linePlan = await write("line.json", (await tsn("plan", ...line, "-o", "json")).stdout);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe("underlay tsn plan", () => {
  it("schedules tables, and says what each stream and each port gets", async () => {
    const { exitCode, stdout, stderr } = await tsn("plan", ...line);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toMatch(/^scheduled: 6 streams over 10 ports, /);
    expect(stdout).toMatch(/^STREAM +FROM +TO +EVERY +OFFSET +LATENCY +OF +JITTER$/m);
    expect(stdout).toMatch(/^0 +3 +5 +500 µs +\S+ ?\S* +18\.8 µs +100 µs/m);
    expect(stdout).toMatch(/^PORT +RATE +CYCLE +ENTRIES +BEST EFFORT$/m);
  });

  it("prints the same bytes for the same seed and budget", async () => {
    const words = ["plan", ...line, "--seed", "7", "--budget", "500", "-o", "json"];
    const [first, second] = await Promise.all([tsn(...words), tsn(...words)]);
    expect(second.stdout).toBe(first.stdout);
    expect(JSON.parse(first.stdout)).toMatchObject({ verdict: "scheduled", statistics: { seed: 7, iterationBudget: 500 } });
  });

  it("ends with 1 and the certificate where there is no schedule", async () => {
    const { exitCode, stdout } = await tsn("plan", "--config", example("too-tight.json"));
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      /^infeasible: no schedule of any kind exists\n {2}for +stream motion to drive\n {2}because +.*\n {2}way out +allow more latency.*\n {2}certificate +\{"kind":"latency"/,
    );
    const json = await tsn("plan", "--config", example("too-tight.json"), "-o", "json");
    expect([json.exitCode, JSON.parse(json.stdout)]).toMatchObject([
      1,
      { verdict: "infeasible", certificate: { kind: "latency", stream: "motion" } },
    ]);
  });

  it("answers a CUC in its own words", async () => {
    const { exitCode, stdout } = await tsn("plan", "--config", example("cnc.json"), "-o", "cnc");
    expect(exitCode).toBe(0);
    expect(stdout).toContain('"stream-status": "configured"');
    expect(await tsn("plan", ...line, "-o", "cnc")).toMatchObject({
      exitCode: 1,
      stdout: "",
      stderr: expect.stringContaining("come from none") as string,
    });
  });

  it("reads one of the files from stdin", async () => {
    const streams = await readFile(example("line-streams.csv"), "utf8");
    const read = await tsnOn(streams, "plan", "--streams", "-", "--topology", example("line-topology.csv"));
    expect(read).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^scheduled/) as string });
    expect((await tsn("plan", "--streams", "-", "--topology", "-")).stderr).toContain("there is one stdin");
  });

  it("takes streams as a table on a network as JSON", async () => {
    const streams = await write("s.csv", "stream,src,dst,size,period,deadline,jitter\nx,plc,[camera],100,2000000,1000000,1000000\n");
    const { exitCode, stdout } = await tsn("plan", "--streams", streams, "--topology", five);
    expect({ exitCode, first: stdout.split("\n")[0] }).toEqual({
      exitCode: 0,
      first: expect.stringMatching(/^scheduled: 8 streams/) as string,
    });
  });
});

describe("what is wrong with a file", () => {
  it.each<[string, string, string]>([
    [
      "s.csv",
      "stream,src,dst,size,period,deadline,jitter\n0,3,[5],abc,1000,1000,0\n",
      ':2:9: size: expected a whole number from 1 to 65535, not "abc"',
    ],
    ["s.csv", "stream,src,dst,size\n", ":1:1: period: the column is missing"],
    ["s.csv", "stream,src,dst,size,period,deadline,jitter\n0,3,[77],1,1000,1000,0\n", ":2:5: dst: the topology has no node 77"],
    ["s.csv", "", ":1:1: is empty"],
  ])("%s: %j is told with line, column and the way out", async (name, text, expected) => {
    const file = await write(name, text);
    const { exitCode, stdout, stderr } = await tsn("plan", "--streams", file, "--topology", example("line-topology.csv"));
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toContain(file + expected);
    expect(stderr).toMatch(/\nhint: .+\n$/);
  });

  it.each<[string, string]>([
    ['{"nodes": [', ":1:12: is no JSON: expected a value or ], found the end of the text"],
    ['{\n  "nodes": 5,\n  "links": []\n}', ":2:3: /nodes: "],
    ['{\n  "nodes": [],\n  "links": [],\n  "colour": 1\n}', ':4:3: /colour: "colour" is not known here'],
  ])("%j is told with line and column", async (text, expected) => {
    const file = await write("n.json", text);
    const { exitCode, stderr } = await tsn("plan", "--config", file);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(file + expected);
  });

  it("says so where a file is missing, a directory, no text, or too large", async () => {
    expect((await tsn("plan", "--config", at("none.json"))).stderr).toContain("none.json: no such file");
    expect((await tsn("plan", "--config", dir)).stderr).toContain("is a directory");
    await writeFile(at("bytes.json"), Buffer.from([0xff, 0xfe, 0x00]));
    expect((await tsn("plan", "--config", at("bytes.json"))).stderr).toContain("is no text in UTF-8");
    await writeFile(at("big.json"), Buffer.alloc((64 << 20) + 1, 32));
    expect((await tsn("plan", "--config", at("big.json"))).stderr).toContain("larger than the 64 MiB that are read");
  });

  it("says what is missing on the command line", async () => {
    expect((await tsn("plan")).stderr).toContain("--topology is missing");
    expect((await tsn("plan", "--topology", five)).stderr).toContain("--streams is missing");
    expect((await tsn("plan", "--config", five, "--streams", "x")).stderr).toContain("both bring streams");
    expect((await tsn("validate")).stderr).toContain("--schedule FILE, or --tables PREFIX");
    expect((await tsn("plan", ...line, "--seed", "-1")).stderr).toContain("a whole number from 0");
  });
});

describe("underlay tsn validate", () => {
  it("finds no fault in what plan makes", async () => {
    expect(await tsn("validate", linePlan)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^valid: 6 streams over 10 ports/) as string,
    });
    expect(await tsn("validate", "--schedule", plan)).toMatchObject({ exitCode: 0 });
    const json = await tsn("validate", linePlan, "-o", "json");
    expect(JSON.parse(json.stdout)).toEqual({ valid: true, faults: [] });
  });

  it("ends with 1 and names each fault of a schedule that somebody has touched", async () => {
    const touched = JSON.parse(await readFile(linePlan, "utf8")) as {
      schedule: { streams: { members: { hops: { startNs: number }[] }[] }[] };
    };
    const [hop] = touched.schedule.streams[2]?.members[0]?.hops ?? [];
    if (hop !== undefined) hop.startNs += 50_000;
    const file = await write("touched.json", JSON.stringify(touched));
    const { exitCode, stdout } = await tsn("validate", file);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^not valid: \d+ faults?\n\nFAULT +STREAM/);
    const json = JSON.parse((await tsn("validate", file, "-o", "json")).stdout) as { valid: boolean; faults: unknown[] };
    expect(json.valid).toBe(false);
    expect(json.faults.length).toBeGreaterThan(0);
  });

  it("judges by the problem that is given beside the schedule", async () => {
    const text = (await readFile(example("line-streams.csv"), "utf8")).replace(/^(1,4,\[5\],200,250000,)60000,60000$/m, "$15000,5000");
    const streams = await write("tighter.csv", text);
    const { exitCode, stdout } = await tsn("validate", linePlan, "--streams", streams, "--topology", example("line-topology.csv"));
    expect(exitCode).toBe(1);
    expect(stdout).toContain("deadline-missed");
  });

  it("takes a bare schedule, and says what it lacks", async () => {
    const { schedule } = JSON.parse(await readFile(linePlan, "utf8")) as { schedule: object };
    const file = await write("bare.json", JSON.stringify(schedule));
    expect((await tsn("validate", file)).stderr).toContain("has no problem in it");
    expect(await tsn("validate", file, ...line)).toMatchObject({ exitCode: 0 });
  });

  it("takes the tables of tsnkit's tools, as render writes them", async () => {
    const made = await tsn("render", linePlan, "-o", "csv", "--out", at("tables"));
    expect(made.stdout.split("\n").filter((name) => name !== "")).toHaveLength(5);
    expect(await tsn("validate", "--tables", join(at("tables"), "schedule"), ...line)).toMatchObject({ exitCode: 0 });
  });

  it("refuses a file with no schedule in it", async () => {
    const file = await write("none.json", (await tsn("plan", "--config", example("too-tight.json"), "-o", "json")).stdout);
    expect((await tsn("validate", file)).stderr).toContain("/verdict: is infeasible: there is no schedule in it");
  });
});

describe("underlay tsn admit and remove", () => {
  const streamLine = "stream,src,dst,size,period,deadline,jitter\nnew,3,[4],300,500000,100000,100000\n";
  interface File {
    readonly verdict: string;
    readonly touchedLinks: readonly string[];
    readonly schedule: { readonly streams: readonly { readonly id: string; readonly members: unknown }[] };
  }
  const parsed = (text: string): File => JSON.parse(text) as File;

  it("add a stream without a move of the others, and take it out again, to the same ports", async () => {
    const before = parsed(await readFile(linePlan, "utf8"));
    const more = await write("more.csv", streamLine);
    const admitted = await tsn("admit", "--schedule", linePlan, "--streams", more, "-o", "json");
    const after = parsed(admitted.stdout);
    expect([admitted.exitCode, after.verdict]).toEqual([0, "scheduled"]);
    expect(after.touchedLinks.length).toBeGreaterThan(0);
    for (const { id, members } of before.schedule.streams)
      expect(after.schedule.streams.find((s) => s.id === id)?.members).toEqual(members);
    const file = await write("after.json", admitted.stdout);
    expect(await tsn("validate", file)).toMatchObject({ exitCode: 0 });

    const removed = await tsn("remove", "new", "--schedule", file, "-o", "json");
    expect(removed.exitCode).toBe(0);
    expect(parsed(removed.stdout).schedule).toEqual(before.schedule);
  });

  it("say on a screen how many ports change", async () => {
    const more = await write("more.csv", streamLine);
    const { stdout } = await tsn("admit", "--schedule", linePlan, "--streams", more);
    expect(stdout).toMatch(/\n\d+ of \d+ ports get another gate control list; all other streams keep their offsets\n$/);
  });

  it("end with 1 where the stream has no place, is there already, or is not there", async () => {
    const tight = await write("tight.csv", streamLine.replace("100000,100000", "10,10"));
    expect(await tsn("admit", "--schedule", linePlan, "--streams", tight)).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(/^infeasible/) as string,
    });
    const again = await write("again.csv", streamLine.replace("new", "0"));
    expect((await tsn("admit", "--schedule", linePlan, "--streams", again)).stderr).toContain("TSN_STREAM_EXISTS");
    expect((await tsn("remove", "nobody", "--schedule", linePlan)).stderr).toContain("TSN_STREAM_UNKNOWN");
  });
});

describe("underlay tsn render and tscai", () => {
  it("draw a picture, of all or of a part", async () => {
    const { exitCode, stdout } = await tsn("render", plan, "-o", "svg", "--title", "Plant 1");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" /);
    expect(stdout).toContain(">Plant 1</text>");
    const part = await tsn("render", plan, "-o", "svg", "--bridge", "sw2", "--from", "0", "--to", "500");
    expect(part.stdout.length).toBeLessThan(stdout.length);
  });

  it("write one YANG document a bridge, or one of them to stdout", async () => {
    const made = await tsn("render", plan, "-o", "yang", "--out", at("bridges"));
    expect(made.exitCode).toBe(0);
    expect((await readdir(at("bridges"))).toSorted()).toEqual(
      ["5gs", "sw1", "sw2", "sw3", "sw4", "sw5"].map((name) => `${name}.yang.json`),
    );
    const one = await tsn("render", plan, "-o", "yang", "--bridge", "sw2");
    expect(one.stdout).toBe(await readFile(join(at("bridges"), "sw2.yang.json"), "utf8"));
    expect((await tsn("render", plan, "-o", "yang")).stderr).toContain("give --out DIR, or --bridge NAME");
    expect((await tsn("render", plan, "-o", "yang", "--bridge", "sw77")).stderr).toContain("there is no node sw77");
  });

  it("print tc commands", async () => {
    const { stdout } = await tsn("render", plan, "-o", "taprio", "--bridge", "sw2", "--base-time", "2026-01-01T00:00:00Z");
    expect(stdout).toContain("tc qdisc replace dev to-5gs parent root handle 100 taprio num_tc 8");
    expect(stdout).toContain("base-time 1767225600000000000 ");
  });

  it("say what the 5G core is asked for, and print the bodies", async () => {
    const { exitCode, stdout } = await tsn("tscai", plan, "--base-time", "2026-01-01T00:00:00Z");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^motion +downlink +1 → 2 +2026-01-01T00:00:00\.\d{9}Z +10000 µs +400 B +1 msg +86 +5 ms$/m);
    expect(stdout).toContain("nw-tt-in-place-of-ds-tt");
    const json = JSON.parse((await tsn("tscai", plan, "-o", "json")).stdout) as { bridges: { sessions: object }[] };
    expect(Object.keys(json.bridges[0]?.sessions ?? {})).toEqual(["02-00-00-00-05-02"]);
    expect((await tsn("tscai", linePlan)).stderr).toContain("FIVEGS_NONE: ");
    expect((await tsn("tscai", plan, "--base-time", "tomorrow")).stderr).toContain("nanoseconds from the PTP epoch, or a date");
  });
});

describe("underlay tsn --help", () => {
  it.each(["plan", "admit", "remove", "validate", "tscai", "render"])("of %s teaches with an example", async (verb) => {
    const { exitCode, stdout } = await tsn(verb, "--help");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`Examples:\\n {2}underlay tsn ${verb} `));
  });
});
