import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { twinFixture } from "../test/support/twin-fixtures.ts";
import type { Twin } from "../domain/twin/model.ts";
import { run } from "./run.ts";

const root = join(import.meta.dirname, "..");
const fixture = (name: string): string => join(root, "test/fixtures/twins", name);
const golden = (name: string): string => join(root, "test/golden/twin-fuse", name);
const PODS = fixture("kubelet/pods.json");
const POD = "demo-app-success-c485bc67b-klj45";
const AT = ["--at", "2026-01-01T00:30:00Z"];

async function fuse(...words: readonly string[]) {
  const written = { stdout: "", stderr: "" };
  const exitCode = await run(["twin", "fuse", ...words], {
    env: {},
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
    stdin: () => Promise.resolve(Buffer.from(twinFixture("kubelet/pods_crashed.json"))),
    interrupted: () => new AbortController().signal,
  });
  return { exitCode, ...written };
}
const twinsIn = (stdout: string): readonly Twin[] => (JSON.parse(stdout) as { twins: readonly Twin[] }).twins;

describe("underlay twin fuse", () => {
  it("prints the same twins as the golden file of the real list, without asking anybody", async () => {
    const said = await fuse(
      "--pods",
      "-",
      "--usage",
      fixture("kubelet/stats_summary.json"),
      "--ksm",
      fixture("kube-state-metrics/prometheus.txt"),
      "--cluster",
      "kind-1",
      ...AT,
      "-o",
      "json",
    );
    expect(said).toMatchObject({ exitCode: 0, stderr: "" });
    await expect(`${JSON.stringify(twinsIn(said.stdout), null, 2)}\n`).toMatchFileSnapshot(golden("pods_crashed.json"));
  });

  it("gives D2.3's rates from two scrapes of a pod that is named", async () => {
    const { stdout, exitCode } = await fuse(
      "--pods",
      PODS,
      "--proxy",
      `${POD}=${golden("figure-15-now.txt")}`,
      "--previous",
      `${POD}=${golden("figure-15-earlier.txt")}`,
      "--seconds",
      "1800",
      ...AT,
      "-o",
      "json",
    );
    expect(exitCode).toBe(0);
    const twin = twinsIn(stdout).find(({ pods }) => pods.some(({ name }) => name === POD));
    expect(twin?.network).toMatchObject({ windowSeconds: 1_800, inbound: { responseRateByCode: { 200: 2 / 60, 500: 1 / 360 } } });
  });

  it("shows people a table, and a page of each twin that has something to tell", async () => {
    const { stdout } = await fuse("--pods", "-", ...AT);
    expect(stdout).toMatch(/^WORKLOAD +NAMESPACE +COMPONENT +STATUS/);
    expect(stdout).toContain("files/kube-system/DaemonSet/fluentd-gcp-v2.0.10 is Failure");
    expect(stdout).toMatch(/Restart +OOMKilled +2/);
    expect(stdout).not.toContain("files/default/DaemonSet/dd-agent is");
  });

  it("says that one scrape has no rates, and prints what it has", async () => {
    const { exitCode, stderr } = await fuse("--pods", PODS, "--proxy", `${POD}=${golden("figure-15-now.txt")}`);
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining("--previous FILE --seconds N")]);
  });

  it.each([
    [["--pods", "nowhere.json"], "nowhere.json: no such file"],
    [["--pods", fixture("linkerd/linkerd_v2.txt")], "no JSON", "kubectl get pods"],
    [["--pods", fixture("kubelet/stats_summary.json")], "POD_INVALID: pods: item 1: not a pod of the Kubernetes API", "kubectl get pods"],
    [["--pods", PODS, "--proxy", golden("figure-15-now.txt")], "PROXY_OF_NOBODY", "say which, as POD="],
    [["--pods", PODS, "--proxy", `nobody=${golden("figure-15-now.txt")}`], "there is no pod nobody in the list"],
    [["--pods", PODS, "--proxy", `${POD}=${PODS}`], "EXPOSITION_INVALID", "line 1"],
    [["--pods", PODS, "--usage", fixture("kubelet/NOTICE.txt")], "EXPOSITION_INVALID: usage: line 1"],
    [["--pods", PODS, "--ksm", golden("figure-15-now.txt")], "kube-state-metrics: it has none of the metrics that are read"],
    [["--pods", PODS, "--usage", PODS], "SUMMARY_INVALID: usage: not a kubelet's summary", "stats/summary"],
    [["--pods", PODS, "--previous", "x"], "--proxy, what it says now, is missing"],
    [["--pods", PODS, "--proxy", "x", "--previous", "y"], "--previous needs --seconds"],
    [["--pods", PODS, "--proxy", "x", "--seconds", "60"], "there is no --previous"],
    [["--pods", "-", "--usage", "-"], "- was given twice"],
    [["--pods", PODS, "--seconds", "0"], "a number of seconds"],
    [["--pods", PODS, "--at", "noon"], "a time is wanted"],
    [[], "required option '--pods <file>'"],
  ])("ends %j with 1, naming the place and the way out", async (words, ...wanted) => {
    const { exitCode, stdout, stderr } = await fuse(...words);
    expect([exitCode, stdout]).toEqual([1, ""]);
    for (const text of wanted) expect(stderr).toContain(text);
  });
});
