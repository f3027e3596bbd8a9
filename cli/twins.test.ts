import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { twinOf } from "../test/support/twins.ts";
import { run, type World } from "./run.ts";
import { ageOf } from "./twin-views.ts";

let server: Server;
let base: string;
let dir: string;
let asked: { readonly path: string; readonly authorization: string | undefined; readonly last: string | undefined }[];
let answer: (path: string, response: ServerResponse) => void;

beforeEach(async () => {
  asked = [];
  server = createServer((request: IncomingMessage, response) => {
    const { authorization, "last-event-id": last } = request.headers;
    asked.push({ path: request.url ?? "", authorization, last: typeof last === "string" ? last : undefined });
    answer(request.url ?? "", response);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  dir = await mkdtemp(join(tmpdir(), "underlay-twins-"));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(dir, { recursive: true });
});

async function underlay(words: readonly string[], world: Partial<World> = {}) {
  const written = { stdout: "", stderr: "" };
  const exitCode = await run(words, {
    env: { UNDERLAY_URL: base },
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
    stdin: () => Promise.resolve(Buffer.alloc(0)),
    interrupted: () => new AbortController().signal,
    ...world,
  });
  return { exitCode, ...written };
}
const json = (response: ServerResponse, body: unknown, status = 200): void => {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
};
const { twin } = twinOf({ name: "web", userId: "alice", workloadId: "w-1" });

describe("get twins", () => {
  it("asks for every page with the filters, and prints a line for each twin", async () => {
    answer = (path, response) => {
      const after = new URL(path, base).searchParams.get("after");
      json(response, after === null ? { twins: [twin], next: "x" } : { twins: [{ ...twin, workloadId: null }] });
    };
    const { exitCode, stdout } = await underlay(["get", "twins", "--namespace", "shop", "--status", "Ready"]);
    expect(exitCode).toBe(0);
    expect(asked.map(({ path }) => path)).toEqual([
      "/v1/twins?namespace=shop&status=Ready&limit=500",
      "/v1/twins?namespace=shop&status=Ready&after=x&limit=500",
    ]);
    const [heading = "", ...lines] = stdout.trimEnd().split("\n");
    expect(heading).toMatch(/^WORKLOAD +NAMESPACE +COMPONENT +STATUS +READY +RESTARTS +SINCE$/);
    expect(lines).toMatchObject([
      expect.stringMatching(/^w-1 +shop +Pod\/web +Ready +1\/\? +0 +\d+d$/),
      expect.stringMatching(/^unmapped +shop +Pod\/web/),
    ]);
  });

  it("prints traffic and resources when asked to be wide, and what is unknown as unknown", async () => {
    answer = (_, response) => json(response, { twins: [twin] });
    const { stdout } = await underlay(["get", "twins", "-o", "wide"]);
    expect(stdout).toMatch(/CLUSTER +USER +CPU +MEMORY +REQ\/S +SUCCESS +P95 MS/);
    expect(stdout).toMatch(/one +alice +– +– +– +– +–/);
    expect(JSON.parse((await underlay(["get", "twins", "-o", "json"])).stdout)).toEqual({ twins: [twin] });
  });

  it("refuses a state that there is not, and says which there are", async () => {
    const { exitCode, stderr } = await underlay(["get", "twins", "--status", "Fine"]);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("Running, Restart, Ready, Failure") as string]);
  });
});

describe("get twin", () => {
  it("shows a twin by its id, slashes and all, with its pods and its history", async () => {
    answer = (_, response) => json(response, { twins: [twin] });
    const { stdout } = await underlay(["get", "twin", "one/shop/Pod/web"]);
    expect(asked[0]?.path).toBe("/v1/twins/one%2Fshop%2FPod%2Fweb");
    expect(stdout).toContain("one/shop/Pod/web is Ready for");
    expect(stdout).toContain("workload   w-1, of alice");
    expect(stdout).toMatch(/SEEN +POD +STATUS\n2026-01-01T00:00:00.000Z +web +Ready/);
  });

  it("ends with 1 where there is none", async () => {
    answer = (_, response) =>
      json(response, { status: 404, code: "TWIN_UNKNOWN", title: "no such twin", detail: "there is no twin of w" }, 404);
    expect(await underlay(["get", "twin", "w"])).toMatchObject({ exitCode: 1, stderr: "TWIN_UNKNOWN: there is no twin of w\n" });
  });
});

describe("watch twins", () => {
  it("follows the twins' events, and goes on after a lost connection from the last one", async () => {
    const ended = new AbortController();
    answer = (path, response) => {
      if (path.includes("limit=1")) return json(response, { events: [] });
      response.writeHead(200, { "content-type": "text/event-stream" });
      const id = asked.length;
      const data = {
        type: "eu.meta-os.nemo.twin.status.changed.v1",
        subject: "one/shop/Pod/web",
        time: "2026-01-01T00:00:00Z",
        data: { status: { current: "Restart" }, changes: [{ pod: "web", status: "Restart", reason: "OOMKilled", exitCode: 137 }] },
      };
      response.write(`: head 1\n\nid: ${String(id)}\ndata: ${JSON.stringify(data)}\n\n`);
      if (asked.length === 2) return response.end();
      setImmediate(() => ended.abort());
    };
    const { exitCode, stdout } = await underlay(["watch", "twins", "--type", "status", "--workload", "w-1"], {
      interrupted: () => ended.signal,
    });
    expect(exitCode).toBe(0);
    expect(asked.map(({ path, last }) => [path, last])).toEqual([
      ["/v1/twins/events?type=status&workload=w-1&limit=1", undefined],
      ["/v1/twins/events?type=status&workload=w-1", undefined],
      ["/v1/twins/events?type=status&workload=w-1", "2"],
    ]);
    expect(stdout.split("\n")[0]).toBe(
      "2026-01-01T00:00:00Z  twin.status.changed  one/shop/Pod/web  Restart web Restart OOMKilled exit code 137",
    );
  });

  it("tells what the server says of a kind of events that there is not", async () => {
    answer = (_, response) => json(response, { status: 400, code: "QUERY_INVALID", title: "the query cannot be read" }, 400);
    expect(await underlay(["watch", "twins", "--type", "order"])).toMatchObject({
      exitCode: 1,
      stderr: "QUERY_INVALID: the query cannot be read\n",
    });
  });
});

describe("a token", () => {
  it("comes from a file, and goes with every request", async () => {
    answer = (_, response) => json(response, { twins: [] });
    await writeFile(join(dir, "token"), "token-of-alice\n");
    await underlay(["--token-file", join(dir, "token"), "get", "twins"]);
    await underlay(["get", "twins"], { env: { UNDERLAY_URL: base, UNDERLAY_TOKEN_FILE: join(dir, "token") } });
    await underlay(["get", "twins"]);
    expect(asked.map(({ authorization }) => authorization)).toEqual(["Bearer token-of-alice", "Bearer token-of-alice", undefined]);
  });

  it("is missed with a hint, and refused where the file holds none", async () => {
    answer = (_, response) => json(response, { status: 401, code: "UNAUTHENTICATED", title: "who asks?" }, 401);
    expect((await underlay(["get", "twins"])).stderr).toContain("hint: --token-file FILE");
    await writeFile(join(dir, "empty"), "two tokens\n");
    for (const file of ["empty", "missing"]) {
      const { exitCode, stderr } = await underlay(["--token-file", join(dir, file), "get", "twins"]);
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining("hint: ") as string]);
    }
  });
});

describe("an age", () => {
  it.each([
    [0, "0s"],
    [119, "119s"],
    [120, "2m"],
    [7_199, "119m"],
    [7_200, "2h"],
    [172_800, "2d"],
  ])("of %i s is %s", (seconds, text) => {
    expect(ageOf(new Date(1_000_000_000_000 - seconds * 1000).toISOString(), 1_000_000_000_000)).toBe(text);
  });
});
