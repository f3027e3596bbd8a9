import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { run, serverOf, type World } from "./run.ts";
import type { Intent } from "./wire.ts";

type Answer = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

/** An API that says what a test wants it to say; what it was asked is kept. */
let server: Server;
let answers: Record<string, Answer>;
let asked: string[];
let base: string;

const json =
  (body: unknown, status = 200): Answer =>
  (_request, response) => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };

beforeEach(async () => {
  asked = [];
  answers = {};
  server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", base);
    asked.push(`${request.method ?? ""} ${url.pathname}${url.search}`);
    request.resume().on("end", () => (answers[`${request.method ?? ""} ${url.pathname}`] ?? json({}, 404))(request, response, url));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function underlay(words: readonly string[], world: Partial<World> = {}) {
  const written = { stdout: "", stderr: "" };
  const exitCode = await run(words, {
    env: { UNDERLAY_URL: base },
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
    stdin: () => Promise.resolve(Buffer.from("Intent: {}")),
    interrupted: () => new AbortController().signal,
    ...world,
  });
  return { exitCode, ...written };
}

function intentView(id: string, more: Partial<Intent> & { reasons?: readonly string[] } = {}): Intent {
  const { reasons = [], state = "FULFILLED", ...rest } = more;
  const info = { fulfilmentStatus: state === "FULFILLED" ? state : "NOT_FULFILLED", notFulfilledReasons: reasons };
  const intentFulfilmentReport = { intentFulfilmentInfo: info, expectationFulfilmentResult: [] };
  const report = { id: `${id}-report`, intentReference: `Intent=${id}`, lastUpdatedTime: "2026-01-01T00:00:00Z", intentFulfilmentReport };
  return { id, generation: 1, state, isSettled: true, wanted: "active", updatedAt: "2026-01-01T00:00:00Z", report, orders: [], ...rest };
}

describe("the command line", () => {
  it.each([
    [["plan"], "required option '-f, --file <file...>'"],
    [["plan", "-f", "x", "-o", "xml"], "Allowed choices are table, json"],
    [["apply", "-f", "x", "--timeout", "soon"], "a whole number from 1 to 86400"],
    [["apply", "-f", "x", "--plan", "yes"], "16 hexadecimal digits"],
    [["get", "events", "--limit", "0"], "a whole number from 1 to 1000"],
    [["aply"], "Did you mean apply?"],
    [["get", "intents", "--server", "nowhere"], "nowhere is not the URL of a server"],
  ])("%j is refused with exit code 1 and a hint", async (words, said) => {
    const { exitCode, stdout, stderr } = await underlay(words);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toContain(said);
    expect(stderr).toMatch(/hint: .+\n$/);
    expect(asked).toEqual([]);
  });

  it.each([
    "plan",
    "apply",
    "get intents",
    "get orders",
    "get events",
    "get twins",
    "get twin",
    "report",
    "delete",
    "watch",
    "watch twins",
    "get nodes",
    "get cost-map",
    "get drift",
    "repair",
    "lab ledger",
  ])("%s --help teaches with examples", async (words) => {
    const { exitCode, stdout } = await underlay([...words.split(" "), "--help"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("Examples:");
    expect(stdout).toContain(`  underlay ${words}`);
  });

  it("takes --server over UNDERLAY_URL, before or after the command, and keeps a path", async () => {
    answers["GET /behind/v1/intents"] = json({ intents: [] });
    const elsewhere = { env: { UNDERLAY_URL: "http://127.0.0.1:2" } };
    expect(await underlay(["--server", `${base}/behind`, "get", "intents"], elsewhere)).toMatchObject({
      exitCode: 0,
      stdout: "no intents\n",
    });
    expect(await underlay(["get", "intents", "--server", `${base}/behind/`], elsewhere)).toMatchObject({ exitCode: 0 });
    expect(serverOf(undefined).href).toBe("http://127.0.0.1:8080/");
    expect(serverOf("").href).toBe("http://127.0.0.1:8080/");
  });

  it("has colours for a terminal, unless NO_COLOR or --no-color says otherwise", async () => {
    answers["GET /v1/intents"] = json({ intents: [intentView("a")] });
    const on = async (words: readonly string[], env = {}) => {
      let stdout = "";
      await underlay(words, { env: { UNDERLAY_URL: base, ...env }, stdout: { isTTY: true, write: (text) => (stdout += text) } });
      return stdout.includes("\u001B[");
    };
    expect(await on(["get", "intents"])).toBe(true);
    expect(await on(["get", "intents"], { NO_COLOR: "1" })).toBe(false);
    expect(await on(["get", "intents", "--no-color"])).toBe(false);
  });
});

describe("a server", () => {
  it("that is not there is named, with what to do", async () => {
    const { exitCode, stderr } = await underlay(["get", "intents", "--server", "http://127.0.0.1:2"]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^no answer from http:\/\/127\.0\.0\.1:2\/ \(.*ECONNREFUSED.*\)\nhint: .*npm start.*--server URL.*\n$/);
  });

  it.each([
    ["a page", (_request, response) => response.end("<html>")],
    ["a page that is not there", (_request, response) => response.writeHead(404).end("<html>")],
  ] satisfies [string, Answer][])("that is something else is recognised by %s", async (_, answer) => {
    answers["GET /v1/intents"] = answer;
    const { exitCode, stderr } = await underlay(["get", "intents"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("but not as the underlay's API does");
  });
});

describe("get intents", () => {
  it("follows the pages to the last", async () => {
    answers["GET /v1/intents"] = (request, response, url) =>
      json(url.searchParams.get("after") === "a" ? { intents: [intentView("b")] } : { intents: [intentView("a")], next: "a" })(
        request,
        response,
        url,
      );
    const { stdout } = await underlay(["get", "intents", "-o", "json"]);
    expect((JSON.parse(stdout) as { intents: Intent[] }).intents.map(({ id }) => id)).toEqual(["a", "b"]);
    expect(asked).toEqual(["GET /v1/intents?limit=500", "GET /v1/intents?after=a&limit=500"]);
  });
});

describe("apply --wait", () => {
  const apply = ["apply", "-f", "-", "--wait"];

  it("prints what came of it as JSON and nothing else on stdout; warnings go to stderr", async () => {
    answers["POST /v1/intents"] = json({ intents: [intentView("a/b", { isSettled: false })], warnings: ["a decimal comma"] }, 202);
    answers["GET /v1/intents/a%2Fb"] = json(intentView("a/b"));
    const { exitCode, stdout, stderr } = await underlay([...apply, "-o", "json"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "stdin: warning: a decimal comma\n" });
    expect(JSON.parse(stdout)).toEqual({ intents: [intentView("a/b")] });
  });

  it("says with exit code 1 why an intent is not fulfilled", async () => {
    answers["POST /v1/intents"] = json({ intents: [intentView("a")] }, 202);
    answers["GET /v1/intents/a"] = json(intentView("a", { state: "FULFILMENTFAILED", reasons: ["TFS_REFUSED: no such node"] }));
    const { exitCode, stderr } = await underlay(apply);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("a: FULFILMENTFAILED: TFS_REFUSED: no such node\n");
  });

  it("takes SUSPENDED for an answer where that is what was asked", async () => {
    const suspended = intentView("a", { state: "SUSPENDED", wanted: "suspended" });
    answers["POST /v1/intents"] = json({ intents: [suspended] }, 202);
    answers["GET /v1/intents/a"] = json(suspended);
    expect(await underlay(apply)).toMatchObject({ exitCode: 0, stderr: "" });
  });

  it("ends at the time-out, and asks no longer than there is time", async () => {
    const placed = intentView("a", { state: "ACKNOWLEDGED", isSettled: false });
    answers["POST /v1/intents"] = json({ intents: [placed] }, 202);
    answers["GET /v1/intents/a"] = (request, response, url) =>
      setTimeout(json(placed), Number(url.searchParams.get("waitMs")), request, response, url);
    const { exitCode, stderr } = await underlay([...apply, "--timeout", "1"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("a: not settled after 1 s, still ACKNOWLEDGED\n");
    const waits = asked.slice(1).map((line) => Number(/waitMs=(\d+)/.exec(line)?.[1]));
    expect(Math.max(...waits)).toBeLessThanOrEqual(1_000);
  });

  it("bears with a server that is away for a while", async () => {
    answers["POST /v1/intents"] = json({ intents: [intentView("a", { isSettled: false })] }, 202);
    answers["GET /v1/intents/a"] = (request, response, url) => {
      answers["GET /v1/intents/a"] = json(intentView("a"));
      json({ code: "STORE_UNAVAILABLE", title: "try again soon" }, 503)(request, response, url);
    };
    expect(await underlay(apply)).toMatchObject({ exitCode: 0 });
  });
});

describe("delete", () => {
  it("names an id that is not there, takes the others back, and ends with 1", async () => {
    const gone = intentView("a", { state: "TERMINATED", wanted: "terminated" });
    answers["DELETE /v1/intents/a"] = json(gone, 202);
    answers["GET /v1/intents/a"] = json(gone);
    answers["DELETE /v1/intents/x"] = json({ code: "INTENT_UNKNOWN", title: "no such intent", detail: "there is no intent x" }, 404);
    expect(await underlay(["delete", "x", "a", "--wait", "-o", "json"])).toEqual({
      exitCode: 1,
      stdout: `${JSON.stringify({ intents: [gone] }, null, 2)}\n`,
      stderr: "INTENT_UNKNOWN: there is no intent x\n",
    });
  });
});

describe("watch", () => {
  const message = (id: number) => `id: ${String(id)}\nevent: x\ndata: ${JSON.stringify({ type: "x", subject: `s${String(id)}` })}\n\n`;

  it("goes on after a lost connection where it was, and ends with 0 when interrupted", async () => {
    const ended = new AbortController();
    const resumedFrom: (string | undefined)[] = [];
    answers["GET /v1/events"] = (request, response, url) => {
      if (request.headers.accept !== "text/event-stream") return json({ events: [{ type: "x", offset: "6" }] })(request, response, url);
      resumedFrom.push(request.headers["last-event-id"] as string | undefined);
      response.writeHead(200, { "content-type": "text/event-stream" });
      // The first connection dies before any event, the second after one and in the middle of the next, the third lasts.
      if (resumedFrom.length === 1) response.write(": hello\n\n", () => response.destroy());
      else if (resumedFrom.length === 2) response.write(`${message(7)}id: 8\nda`, () => response.destroy());
      else response.write(message(8));
    };
    let stdout = "";
    const write = (text: string) => {
      stdout += text;
      if (stdout.includes("s8")) ended.abort();
    };
    const { exitCode, stderr } = await underlay(["watch", "--intent", "s", "-o", "json"], {
      interrupted: () => ended.signal,
      stdout: { write },
    });
    expect(exitCode).toBe(0);
    expect(stdout).toBe('{"type":"x","subject":"s7"}\n{"type":"x","subject":"s8"}\n');
    expect(resumedFrom).toEqual([undefined, "6", "7"]);
    expect(stderr).toContain(`watching ${base}/; Ctrl-C ends it\n`);
    expect(stderr.match(/is lost; trying again/g)).toHaveLength(2);
    expect(asked.at(-1)).toBe("GET /v1/events?subject=s");
  });

  it("does not wait for a server that was never there", async () => {
    expect(await underlay(["watch", "--server", "http://127.0.0.1:2"])).toMatchObject({ exitCode: 1 });
  });
});
