import { createSocket, type RemoteInfo } from "node:dgram";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import type { ProbeAgent } from "../../domain/probe/agents.ts";
import { AgentReport, valueOf } from "../../domain/probe/report.ts";
import { decodeReflected, encodeSender, ntpOf, PACKET_BYTES } from "../../domain/probe/stamp.ts";
import { startRelay, type Treatment } from "../../test/support/udp-relay.ts";
import { type Agent, type AgentOptions, startAgent } from "./agent.ts";
import { openClock } from "./clock.ts";
import { probeKeys } from "./keys.ts";

const token = "an-agents-token-of-32-characters";
const [A, B, STRANGER] = ["127.0.41.1", "127.0.41.2", "127.0.41.9"];
const clock = openClock();
const FAST = { packets: 40, meanGapMs: 2, warmUp: 2, timeoutMs: 150 } as const;
const SMALL = { ms: 500, bytes: 2 * 1024 * 1024 };

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** Two agents that know each other; what A knows of B can be bent. */
async function two(options: Partial<AgentOptions> = {}, bend: (b: ProbeAgent) => Promise<Partial<ProbeAgent>> = () => Promise.resolve({})) {
  const known: ProbeAgent[] = [];
  const start = async (node: string, address: string, agents: () => readonly ProbeAgent[]): Promise<Agent> => {
    const self = { cluster: "c", node, address, stampPort: 0, throughputPort: 0, agentPort: 0 };
    const agent = await startAgent({ self, agents, token, plan: FAST, caps: SMALL, clock, ...options });
    closers.push(() => agent.close());
    known.push(agent.entry);
    return agent;
  };
  const b = await start("b", String(B), () => known);
  const bent = { ...b.entry, ...(await bend(b.entry)) };
  const a = await start("a", String(A), () => [...known.filter((k) => k.node !== "b"), bent]);
  return { a, b };
}

const post = (agent: Agent, body: unknown, authorization = `Bearer ${token}`): Promise<Response> =>
  fetch(new URL("/v1/measurements", agent.entry.agent), {
    method: "POST",
    headers: { authorization, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
const toB = { destination: { cluster: "c", node: "b" } };

async function measure(agent: Agent, throughput = false): Promise<AgentReport> {
  const answer = await post(agent, { ...toB, throughput });
  expect(answer.status).toBe(200);
  return AgentReport.parse(await answer.json());
}

const throughRelay =
  (treatments: { readonly there?: Treatment; readonly back?: Treatment }) =>
  async ({ address, stampPort }: ProbeAgent): Promise<Partial<ProbeAgent>> => {
    const relay = await startRelay(String(B), { address, port: stampPort }, treatments);
    closers.push(() => relay.close());
    return { stampPort: relay.port };
  };

describe("an agent that is asked to measure", () => {
  it("answers delay, jitter, loss and throughput with counts and cost", async () => {
    const { a } = await two({ clockErrorNs: 1_000 });
    const { link, counts, cost } = await measure(a, true);
    expect(counts).toMatchObject({ sent: 40, received: 40, lost: 0, rejected: 0, isClockStepped: false });
    expect(valueOf(link, "delay-rt", "p50", "round-trip")).toBeGreaterThan(0);
    expect(valueOf(link, "delay-ow", "p50", "forward")).toBeGreaterThan(0);
    // A value, or on a machine that was kept from it the reason; never a zero.
    expect(valueOf(link, "tput", "p50", "forward") ?? 1).toBeGreaterThan(0);
    expect(cost.throughputBytes).toBeGreaterThanOrEqual(SMALL.bytes);
    expect(cost).toMatchObject({ stampBytes: 2 * 40 * 72 });
    expect(cost.throughputBytes).toBeLessThan(2 * SMALL.bytes);
  });

  it.each([
    ["no token", "", 401, "PROBE_TOKEN_WRONG", toB],
    ["another token", "Bearer x", 401, "PROBE_TOKEN_WRONG", toB],
    ["a target that it does not know", undefined, 403, "PROBE_TARGET_NOT_ALLOWED", { destination: { cluster: "c", node: "elsewhere" } }],
    ["itself", undefined, 403, "PROBE_TARGET_NOT_ALLOWED", { destination: { cluster: "c", node: "a" } }],
    [
      "an address of the caller's choice",
      undefined,
      400,
      "REQUEST_INVALID",
      { destination: { cluster: "c", node: "b", address: "192.0.2.1" } },
    ],
    ["nothing", undefined, 400, "REQUEST_INVALID", {}],
  ])("refuses %s", async (_, authorization, status, code, body) => {
    const { a } = await two();
    const answer = await post(a, body, authorization);
    expect([answer.status, await answer.json()]).toEqual([status, expect.objectContaining({ code })]);
  });

  it("does one measurement at a time, and says so to the others", async () => {
    const { a } = await two();
    const answers = await Promise.all([1, 2, 3].map(() => post(a, toB)));
    expect(answers.map(({ status }) => status).toSorted((x, y) => x - y)).toEqual([200, 503, 503]);
    const busy = answers.find(({ status }) => status === 503);
    expect([busy?.headers.get("retry-after"), await busy?.json()]).toEqual(["1", expect.objectContaining({ code: "PROBE_BUSY" })]);
    expect((await post(a, toB)).status).toBe(200);
  });

  it("says of a node that is not there that everything is lost, and why there is no throughput", async () => {
    const { a } = await two({}, () => Promise.resolve({ address: "127.0.41.3", stampPort: 9, throughputPort: 9 }));
    const { link, counts } = await measure(a, true);
    expect(counts).toMatchObject({ sent: 40, received: 0, lost: 40 });
    expect(link.measurements.find((m) => m.metric === "tput")).toMatchObject({ value: null, error: { code: "PROBE_SINK_UNREACHABLE" } });
    expect(link.measurements.find((m) => m.metric === "delay-rt")).toMatchObject({ value: null, error: { code: "PROBE_NO_REPLY" } });
  });
});

describe("a session through a network that misbehaves", () => {
  it("is exact where the loss is not the same in both directions", async () => {
    const { a } = await two(
      {},
      throughRelay({
        there: (bytes, n) => (n < 40 && n % 4 === 1 ? [] : [bytes]),
        back: (bytes, n) => (n < 30 && n % 10 === 7 ? [] : [bytes]),
      }),
    );
    expect((await measure(a)).counts).toMatchObject({ sent: 40, lost: 13, lostForward: 10, lostBackward: 3, rejected: 0 });
  });

  it("counts packets and not copies, wherever they were doubled", async () => {
    const twice: Treatment = (bytes, n) => (n % 5 === 0 ? [bytes, bytes] : [bytes]);
    const { a } = await two({}, throughRelay({ there: (bytes, n) => (n === 3 ? [] : twice(bytes, n)), back: twice }));
    const { counts } = await measure(a);
    expect(counts).toMatchObject({ sent: 40, received: 39, lost: 1, lostForward: 1, lostBackward: 0, rejected: 0 });
    expect(counts.duplicates).toBeGreaterThan(8);
  });

  it("does not take for lost what is overtaken", async () => {
    const held: Buffer[] = [];
    const swap: Treatment = (bytes, n) => {
      if (n < 39 && n % 6 === 2) return (held.push(bytes), []);
      return [bytes, ...held.splice(0)];
    };
    const { a } = await two({}, throughRelay({ there: swap }));
    const { counts } = await measure(a);
    expect(counts).toMatchObject({ sent: 40, received: 40, lost: 0, reordered: { forward: 7, backward: 0 } });
  });

  it("takes no reflection that answers nothing it sent", async () => {
    const forge = (bytes: Buffer, at: number, change: (value: number) => number): Buffer => {
      const forged = Buffer.from(bytes);
      forged[at] = change(forged[at] ?? 0);
      return forged;
    };
    const forgeries: Treatment = (bytes, n) =>
      n % 8 === 0
        ? [
            forge(bytes, 15, (v) => v ^ 1), // another session
            forge(bytes, 35, (v) => v ^ 1), // another timestamp than that of this packet
            forge(bytes, 26, () => 0x7f), // a number that was never sent
            forge(bytes, 16, (v) => v - 1), // received an age before it was sent off again
            Buffer.alloc(44),
            Buffer.from("not a test packet"),
            bytes,
          ]
        : [bytes];
    const { a } = await two({}, throughRelay({ back: forgeries }));
    expect((await measure(a)).counts).toMatchObject({ received: 40, lost: 0, duplicates: 0, rejected: 30 });
  });

  it("hears nobody but the reflector", async () => {
    const stranger = createSocket("udp4");
    stranger.bind(0, STRANGER);
    await once(stranger, "listening");
    closers.push(async () => {
      const closed = once(stranger, "close");
      stranger.close();
      await closed;
    });
    let heardBy: (() => RemoteInfo | undefined) | undefined;
    const { a } = await two({}, async ({ address, stampPort }) => {
      const back: Treatment = (bytes) => {
        const sender = heardBy?.();
        if (sender !== undefined) stranger.send(bytes, sender.port, sender.address);
        return [bytes];
      };
      const relay = await startRelay(String(B), { address, port: stampPort }, { back });
      closers.push(() => relay.close());
      heardBy = relay.sender;
      return { stampPort: relay.port };
    });
    expect((await measure(a)).counts).toMatchObject({ received: 40, duplicates: 0, rejected: 0 });
  });

  it("with HMACs takes no reflection that was changed on the way, however plausible", async () => {
    const earlier: Treatment = (bytes, n) => {
      const forged = Buffer.from(bytes);
      forged[39] = (forged[39] ?? 0) ^ 0x01; // the last bit of when it was received
      return n % 4 === 0 ? [forged, bytes] : [bytes];
    };
    const { a } = await two({ authenticated: true }, throughRelay({ back: earlier }));
    const { counts, cost } = await measure(a);
    expect(counts).toMatchObject({ received: 40, lost: 0, duplicates: 0, rejected: 10 });
    expect(cost.stampBytes).toBe((40 + 50) * 140);
  });
});

describe("a reflector", () => {
  /** What comes back of packets from an address, by the time that one more from a node that is known, and good, has been answered. */
  const ask = async (from: string, to: ProbeAgent, packets: readonly Uint8Array[], good = packet(99)): Promise<readonly Buffer[]> => {
    const heard: Buffer[] = [];
    const [socket, known] = [createSocket("udp4"), createSocket("udp4")];
    for (const [s, address] of [
      [socket, from],
      [known, A],
    ] as const) {
      s.bind(0, address);
      await once(s, "listening");
    }
    socket.on("message", (bytes) => heard.push(bytes));
    for (const bytes of packets) socket.send(bytes, to.stampPort, to.address);
    known.send(good, to.stampPort, to.address);
    await once(known, "message");
    await new Promise(setImmediate);
    for (const s of [socket, known]) {
      const closed = once(s, "close");
      s.close();
      await closed;
    }
    return heard;
  };
  const packet = (sequence: number, hmac?: ReturnType<typeof probeKeys>["stamp"]) =>
    encodeSender({ sequence, timestamp: ntpOf(0n), clock: { isSynchronised: false, errorNs: 0 }, sessionId: 1 }, hmac);

  it("answers any STAMP sender that it knows, with its own count, octet for octet as long", async () => {
    const { b } = await two();
    const heard = await ask(String(A), b.entry, [packet(7), packet(3), packet(7)]);
    expect(heard.map((bytes) => bytes.length)).toEqual([PACKET_BYTES.open, PACKET_BYTES.open, PACKET_BYTES.open]);
    const numbers = heard
      .map((bytes) => decodeReflected(bytes))
      .map((read) => (read.ok ? [read.value.senderSequence, read.value.sequence] : []));
    expect(numbers).toEqual([
      [7, 0],
      [3, 1],
      [7, 0],
    ]);
  });

  it("answers nobody else, and nothing that is no test packet", async () => {
    const { b } = await two();
    expect(await ask(String(STRANGER), b.entry, [packet(1)])).toEqual([]);
    expect(await ask(String(A), b.entry, [Buffer.alloc(43), Buffer.alloc(0), Buffer.alloc(112)])).toEqual([]);
  });

  it("answers open packets no more when it is told so", async () => {
    const { b } = await two({ authenticated: true });
    const sealed = packet(1, probeKeys(token).stamp);
    expect(await ask(String(A), b.entry, [packet(1)], sealed)).toEqual([]);
    expect(await ask(String(A), b.entry, [sealed], sealed)).toHaveLength(1);
  });
});

describe("/metrics", () => {
  it("has D2.3's five names, precise ones beside them, and HELP and TYPE for each", async () => {
    const { a } = await two();
    const before = await (await fetch(new URL("/metrics", a.entry.agent))).text();
    await measure(a, true);
    const text = await (await fetch(new URL("/metrics", a.entry.agent))).text();
    const names = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => String(name));
    for (const name of ["latency", "throughput", "packet_loss", "link_energy", "link_failure"])
      expect(names).toContain(`network_metric_${name}`);
    for (const name of names) expect(text).toContain(`# HELP ${name} `);
    expect(names.filter((name) => name.startsWith("underlay_probe_")).length).toBeGreaterThan(8);
    const labels = '{source="c/a",destination="c/b",destination_address="127.0.41.2"}';
    expect(before).not.toContain(labels);
    expect(text).toContain(`network_metric_packet_loss${labels} 0\n`);
    expect(text).toMatch(/underlay_probe_round_trip_seconds\{[^}]*statistic="p50"[^}]*\} 0\.00\d+/);
  });

  it("shows no figure for what nothing measures, and why", async () => {
    const { a } = await two();
    await measure(a);
    const text = await (await fetch(new URL("/metrics", a.entry.agent))).text();
    expect(text).not.toMatch(/^network_metric_link_energy\{/m);
    expect(text).toMatch(/^underlay_probe_unmeasured\{[^}]*metric="link-failures"[^}]*code="PROBE_INTERFACE_UNKNOWN"[^}]*\} 1$/m);
  });
});
