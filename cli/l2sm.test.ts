import { createServer } from "node:http";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { run } from "./run.ts";

/** Of a CA that nobody has the key of any more. */
const CA = `-----BEGIN CERTIFICATE-----
MIIBejCCAR+gAwIBAgIUdWSRf0e5oEZNHL5imv4QYO/741wwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGZWRnZS0xMCAXDTI2MTEyNDA5MzIzN1oYDzIxMjYxMDMxMDkz
MjM3WjARMQ8wDQYDVQQDDAZlZGdlLTEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AARHktS1Qs1R8PtYn8qNskEY3y1SunD1SUnQxyUAtWUVO84AJh2x5QtIC8Ro7otQ
vtgmazLgVGQqfZqjfIg89jYXo1MwUTAdBgNVHQ4EFgQUdsNIgxo6jEhtfLdhPbms
luDxK0EwHwYDVR0jBBgwFoAUdsNIgxo6jEhtfLdhPbmsluDxK0EwDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAzqhrnjn+B4i9f8IJrA0HJwonV2A3
wqFFSZ3EdxIT7JsCIQCCDSTrJCoHnSwOAhUGhZiOWr+G1QgLv+KXTKBfx7sAUw==
-----END CERTIFICATE-----
`;

/** What a cluster's API does with secrets: the two calls that there are, and what they left. */
let secrets: Map<string, Record<string, unknown>>;
let calls: string[];
let refusal: number | undefined;
const api = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    calls.push(`${String(request.method)} ${String(request.url)}`);
    const answer = (status: number, body: object) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    const status = (code: number, reason: string, message: string) =>
      answer(code, { kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message });
    if (refusal !== undefined) return status(refusal, "Forbidden", "secrets is forbidden");
    const body = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { metadata: { name: string } };
    const { name } = body.metadata;
    if (request.method === "POST" && secrets.has(name)) return status(409, "AlreadyExists", `secrets "${name}" already exists`);
    secrets.set(name, body);
    return answer(request.method === "POST" ? 201 : 200, body);
  });
});

let dir: string;
let kubeconfig: string;
let pem: string;
beforeAll(async () => {
  api.listen(0, "127.0.0.1");
  await once(api, "listening");
  dir = await mkdtemp(join(tmpdir(), "underlay-l2sm-"));
  kubeconfig = join(dir, "kubeconfig");
  const server = `http://127.0.0.1:${String((api.address() as AddressInfo).port)}`;
  await writeFile(
    kubeconfig,
    stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "manager", cluster: { server, "insecure-skip-tls-verify": true } }],
      users: [{ name: "u", user: { token: "t" } }],
      contexts: [{ name: "c", context: { cluster: "manager", user: "u" } }],
      "current-context": "c",
    }),
  );
  pem = join(dir, "ca.pem");
  await writeFile(pem, CA);
});
beforeEach(() => {
  secrets = new Map();
  calls = [];
  refusal = undefined;
});
afterAll(async () => {
  api.close();
  await rm(dir, { recursive: true, force: true });
});

async function underlay(...argv: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ["", ""];
  const exitCode = await run(argv, {
    env: {},
    stdout: { write: (text) => void (stdout += text) },
    stderr: { write: (text) => void (stderr += text) },
    stdin: () => readFile(join(dir, "topology.json")),
    interrupted: () => new AbortController().signal,
  });
  return { exitCode, stdout, stderr };
}

describe("underlay l2sm apply-cert", () => {
  const apply = (file = pem) =>
    underlay("l2sm", "apply-cert", file, "--clustername", "edge-1", "--namespace", "nemo-net", "--kubeconfig", kubeconfig);

  it("keeps the certificate where L2S-M looks for it, and replaces one that is there", async () => {
    expect(await apply()).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^created secret nemo-net\/edge-1-cert: CN=edge-1, until .*GMT\n$/),
    });
    expect(secrets.get("edge-1-cert")).toMatchObject({
      kind: "Secret",
      type: "Opaque",
      metadata: { name: "edge-1-cert", namespace: "nemo-net", labels: { "l2sm-cert": "edge-1" } },
      data: { "cert-value": (await readFile(pem)).toString("base64") },
    });
    expect((await apply()).stdout).toMatch(/^replaced /);
    expect(calls).toEqual([
      "POST /api/v1/namespaces/nemo-net/secrets",
      "POST /api/v1/namespaces/nemo-net/secrets",
      "PUT /api/v1/namespaces/nemo-net/secrets/edge-1-cert",
    ]);
  });

  it("asks nothing of any cluster when the file is no certificate", async () => {
    const none = join(dir, "none.pem");
    await writeFile(none, "-----BEGIN CERTIFICATE-----\nnope\n-----END CERTIFICATE-----\n");
    expect(await apply(none)).toMatchObject({ exitCode: 1, stdout: "", stderr: expect.stringContaining("no X.509 certificate in PEM") });
    expect(await apply(join(dir, "missing"))).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("cannot be read") });
    expect(calls).toEqual([]);
  });

  it("says what the manager cluster said, and what its user may not do", async () => {
    refusal = 403;
    expect(await apply()).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/answered 403: secrets is forbidden\nhint: .*create and update secrets in nemo-net/),
    });
  });
});

describe("underlay l2sm generate-cr", () => {
  const topology = { nodes: ["a", "b", "c"], links: [{ endpointA: "a", endpointB: "c" }] };
  const generate = async (of: object, ...more: string[]) => {
    await writeFile(join(dir, "topology.json"), JSON.stringify(of));
    return underlay("l2sm", "generate-cr", "--input", "-", "--provider", "uc3m", "--domain", "172.18.0.2", ...more);
  };

  it("writes today's Overlay, and the one of v1.2.8", async () => {
    expect(parse((await generate(topology)).stdout)).toEqual({
      apiVersion: "l2sm.l2sm.k8s.local/v1",
      kind: "Overlay",
      metadata: { name: "overlay-sample" },
      spec: { provider: { name: "uc3m", domain: ["172.18.0.2"] }, topology },
    });
    expect(parse((await generate(topology, "--generation", "1.2.8", "--name", "mine")).stdout)).toMatchObject({
      metadata: { name: "mine" },
      spec: { networkController: { name: "uc3m", domain: "172.18.0.2" } },
    });
  });

  it("links every pair where no links are given, and refuses links to nowhere", async () => {
    const { spec } = parse((await generate({ nodes: ["a", "b", "c"] })).stdout) as { spec: { topology: { links: unknown[] } } };
    expect(spec.topology.links).toEqual([
      { endpointA: "a", endpointB: "b" },
      { endpointA: "a", endpointB: "c" },
      { endpointA: "b", endpointB: "c" },
    ]);
    expect(await generate({ nodes: ["a"], links: [{ endpointA: "a", endpointB: "z" }] })).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("z, which is none of the nodes"),
    });
    expect(await generate({ nodes: [] })).toMatchObject({ exitCode: 1 });
  });

  it("writes to a file, and says nothing then", async () => {
    const out = join(dir, "overlay.yaml");
    expect(await generate(topology, "--output", out)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    expect(parse(await readFile(out, "utf8"))).toMatchObject({ kind: "Overlay" });
  });
});
