import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { goldenText } from "../../../test/support/golden.ts";
import { small } from "../../../test/support/tsn.ts";
import type { PortSchedule } from "../schedule.ts";
import { taprioScript } from "./taprio.ts";

const { input, schedule } = small();
const { problem } = input;

describe("the script for Linux bridges", () => {
  it("is its golden file, to the letter", () => {
    const script = taprioScript(problem, schedule, { baseTimeNs: 1_767_225_600_000_000_001n });
    expect(script).toBe(goldenText(new URL("golden/taprio.sh", import.meta.url), script));
  });

  it("is one that a shell reads", () => {
    const { status, stderr } = spawnSync("sh", ["-n"], { input: taprioScript(problem, schedule), encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  it("is of one bridge alone where one is named", () => {
    const script = taprioScript(problem, schedule, { bridge: "sw2" });
    expect(script.match(/^# bridge .*$/gm)).toEqual(["# bridge sw2"]);
    expect(script.match(/^tc /gm)).toHaveLength(1);
  });

  it("warns of a list that iproute2 6.1 would cut, and of holding, which it does not know", () => {
    const entries = Array.from({ length: 32 }, (_, i) => ({
      operation: "set-gate-states" as const,
      gateStates: i % 2 === 0 ? 63 : 128,
      intervalNs: 1000,
    }));
    const long: PortSchedule = { link: "sw>5gs", cycleNs: 32_000, entries, bestEffortShare: 0.5 };
    expect(taprioScript(problem, { ...schedule, ports: [long] })).toContain("# 32 entries: iproute2 6.1 would install the first 31 only.");
    expect(taprioScript(problem, { ...schedule, ports: [{ ...long, entries: entries.slice(1) }] })).not.toContain("# 31 entries");
    expect(taprioScript(problem, schedule)).toContain("# Holding and releasing the MAC is left out");
  });

  it("opens no gate of a queue that the port does not have", () => {
    const links = problem.links.map((link) => (link.id === "sw>5gs" ? { ...link, queues: 2 } : link));
    const script = taprioScript({ ...problem, links }, schedule, { bridge: "sw" });
    expect(script).toContain("num_tc 2 map 0 1 1 1 1 1 1 1 0 0 0 0 0 0 0 0 \\\n  queues 1@0 1@1 \\");
    expect(script).toContain("sched-entry S 03 100000");
  });

  it("runs nothing that somebody wrote into a name", () => {
    const name = "x'; touch /tmp/canary #\n$(reboot)";
    const links = problem.links.map((link) => (link.id === "sw2>db" ? { ...link, port: name, from: `sw2\n${name}` } : link));
    const nodes = problem.nodes.map((node) => (node.id === "sw2" ? { ...node, id: `sw2\n${name}` } : node));
    const script = taprioScript({ ...problem, nodes, links }, schedule, { bridge: `sw2\n${name}` });
    const seen = spawnSync("sh", [], { input: script.replaceAll(/^set -e$/gm, "tc() { printf '%s|' \"$@\"; }"), encoding: "utf8" });
    expect(seen.stderr).toBe("");
    expect(seen.stdout.startsWith(`qdisc|replace|dev|${name}|parent|root|`)).toBe(true);
  });
});
