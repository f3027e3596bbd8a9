import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { AgentReport } from "../../domain/probe/report.ts";

const root = join(import.meta.dirname, "../..");
const exec = promisify(execFile);

/** Two network namespaces with a cable between them, and a probe agent in each: a network whose truth is known. */
export interface Cable {
  readonly ends: readonly [End, End];
  /** Lets the agent of one end measure the other one. */
  measure(from: 0 | 1, options?: { readonly throughput?: boolean }): Promise<AgentReport>;
  /** CPU time, in ms, that the agent of an end has used so far. */
  cpuMs(end: 0 | 1): Promise<number>;
  close(): Promise<void>;
}

export interface End {
  readonly namespace: string;
  readonly device: string;
  readonly address: string;
  /** Runs a program in the namespace; what it says. */
  run(program: string, ...args: readonly string[]): Promise<string>;
  /** Feeds a program, as `nft -f -`. */
  feed(input: string, program: string, ...args: readonly string[]): Promise<string>;
}

export const STAMP_PORT = 9_462;
const THROUGHPUT_PORT = 9_463;
const AGENT_PORT = 9_464;

/** Why this machine has no namespaces to test in; undefined where it has. */
export async function whyNoNamespaces(programs: readonly string[] = ["ip", "nft"]): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "network namespaces are made by root";
  for (const program of programs) {
    const found = await exec("sh", ["-c", `command -v ${program}`]).catch(() => undefined);
    if (found === undefined) return `${program} is not installed (apt-get install iproute2 nftables iperf3)`;
  }
  const probe = `ul${String(process.pid)}x`;
  try {
    await exec("ip", ["netns", "add", probe]);
    await exec("ip", ["netns", "del", probe]);
    return undefined;
  } catch {
    return "this kernel or container does not let network namespaces be made";
  }
}

interface CableOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** What the agents are started by, as `chrt -f 5`: where other work would make them late. */
  readonly under?: readonly string[];
  /** Puts something else than a plain cable between the ends; it has to be up when it resolves. */
  readonly lay?: (ends: readonly [End, End]) => Promise<() => Promise<void>>;
}

export async function layCable({ env = {}, under = [], lay = layVeth }: CableOptions = {}): Promise<Cable> {
  const ends = [openEnd(0), openEnd(1)] as const;
  const undo: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const step of undo.toReversed()) await step();
  };
  try {
    for (const { namespace, run } of ends) {
      await exec("ip", ["netns", "add", namespace]);
      undo.push(() => exec("ip", ["netns", "del", namespace]));
      await run("ip", "link", "set", "lo", "up");
    }
    undo.push(await lay(ends));
    const { env: files, remove } = await writeFiles(ends);
    undo.push(remove);
    const agents: ChildProcess[] = [];
    for (const [i, { namespace }] of ends.entries()) {
      const agent = spawn("ip", ["netns", "exec", namespace, ...under, process.execPath, join(root, "services/probe-agent/main.ts")], {
        env: { PATH: process.env["PATH"], ...files, ...env, PROBE_NODE: `netns/node-${String(i)}` },
        stdio: ["ignore", "pipe", "inherit"],
      });
      agents.push(agent);
      undo.push(async () => {
        if (agent.exitCode !== null) return;
        agent.kill("SIGTERM");
        await once(agent, "exit");
      });
      await Promise.race([
        once(agent.stdout, "data"),
        once(agent, "exit").then(() => Promise.reject(new Error("a probe agent ended before it was ready"))),
      ]);
    }
    return {
      ends,
      close,
      measure: (from, options) => ask(ends[from], from, String(files.PROBE_TOKEN), options),
      cpuMs: async (end) => {
        const stat = await exec("cat", [`/proc/${String(agents[end]?.pid)}/stat`]);
        const fields = stat.stdout.slice(stat.stdout.lastIndexOf(")") + 2).split(" ");
        return (Number(fields[11]) + Number(fields[12])) * 10; // utime and stime, in ticks of 10 ms
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function openEnd(place: 0 | 1): End {
  const namespace = `ul${String(process.pid)}-${String(place)}`;
  return {
    namespace,
    device: `cable${String(place)}`,
    address: `10.231.77.${String(place + 1)}`,
    run: async (program, ...args) => (await exec("ip", ["netns", "exec", namespace, program, ...args])).stdout,
    feed: async (input, program, ...args) => {
      const child = execFile("ip", ["netns", "exec", namespace, program, ...args]);
      let said = "";
      child.stdout?.on("data", (chunk: string) => (said += chunk));
      child.stderr?.on("data", (chunk: string) => (said += chunk));
      child.stdin?.end(input);
      const [code] = (await once(child, "close")) as [number];
      if (code !== 0) throw new Error(`${program} ended with ${String(code)}: ${said}`);
      return said;
    },
  };
}

async function layVeth([a, b]: readonly [End, End]): Promise<() => Promise<void>> {
  await exec("ip", ["link", "add", a.device, "netns", a.namespace, "type", "veth", "peer", "name", b.device, "netns", b.namespace]);
  for (const end of [a, b]) {
    await end.run("ip", "address", "add", `${end.address}/24`, "dev", end.device);
    await end.run("ip", "link", "set", end.device, "up");
  }
  return () => Promise.resolve(); // gone with its namespaces
}

async function writeFiles(ends: readonly End[]) {
  const dir = await mkdtemp(join(tmpdir(), "underlay-netns-"));
  const agents = ends.map(({ address }, i) => ({
    cluster: "netns",
    node: `node-${String(i)}`,
    address,
    agent: `http://${address}:${String(AGENT_PORT)}`,
    stampPort: STAMP_PORT,
    throughputPort: THROUGHPUT_PORT,
  }));
  const token = randomBytes(32).toString("hex");
  await writeFile(join(dir, "agents.json"), JSON.stringify(agents));
  await writeFile(join(dir, "token"), token, { mode: 0o600 });
  return {
    env: { PROBE_AGENTS_FILE: join(dir, "agents.json"), PROBE_TOKEN_FILE: join(dir, "token"), PROBE_TOKEN: token },
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

/** The agent listens in its namespace only, so the question is asked there. */
const QUESTION = `
  const [url, token, body] = process.argv.slice(1);
  const headers = { authorization: "Bearer " + token, "content-type": "application/json" };
  const answer = await fetch(url, { method: "POST", headers, body });
  process.stdout.write(await answer.text());
`;

async function ask(end: End, from: 0 | 1, token: string, { throughput = false } = {}): Promise<AgentReport> {
  const url = `http://${end.address}:${String(AGENT_PORT)}/v1/measurements`;
  const body = JSON.stringify({ destination: { cluster: "netns", node: `node-${String(1 - from)}` }, throughput });
  return AgentReport.parse(JSON.parse(await end.run(process.execPath, "--input-type=module", "-e", QUESTION, url, token, body)));
}
