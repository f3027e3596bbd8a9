import { FormData, request } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFaults } from "../faults.ts";
import { openLedger } from "../ledger.ts";
import { fullService } from "./sample.ts";
import { startTfs, type TfsSimulator } from "./server.ts";

const ledger = openLedger();
const faults = openFaults();
let tfs: TfsSimulator;
let jar = "";

beforeEach(async () => {
  tfs = await startTfs(ledger, faults);
  jar = "";
});
afterEach(async () => {
  await tfs.close();
  ledger.reset();
});

/** Keeps `name=value` of a Set-Cookie as it stands. */
async function visit(method: "GET" | "POST", path: string, body?: FormData, cookie = jar) {
  const headers = cookie === "" ? {} : { cookie };
  const response = await request(new URL(path, tfs.address), { method, headers, ...(body === undefined ? {} : { body }) });
  const set = [response.headers["set-cookie"] ?? []].flat()[0];
  if (set !== undefined) jar = set.split(";")[0] ?? "";
  return { status: response.statusCode, location: response.headers["location"], set, text: await response.body.text() };
}
const tokensIn = (page: string) => [...page.matchAll(/name="csrf_token" type="hidden" value="([^"]+)"/g)].map((m) => m[1] ?? "");
const alertsIn = (page: string) =>
  [...page.matchAll(/<div class="alert alert-(success|danger|error) [^>]*>\s*(.*?)\s*<button/gs)].map(
    (m) => `${m[1] ?? ""}: ${m[2] ?? ""}`,
  );

function formOf(token: string | undefined, content: string, { field = "descriptors", file = "d.json" } = {}): FormData {
  const form = new FormData();
  if (token !== undefined) form.set("csrf_token", token);
  form.set(field, new Blob([content], { type: "application/json" }), file);
  return form;
}
async function upload(content: string, options?: { field?: string; file?: string }) {
  const [token] = tokensIn((await visit("GET", "/webui")).text);
  return visit("POST", "/webui", formOf(token, content, options));
}
const descriptor = JSON.stringify({ services: [fullService()] });

describe("the upload of descriptors", () => {
  it("brings a session cookie with a colon in its name and the same token in two forms", async () => {
    const { status, set, text } = await visit("GET", "/webui");
    expect(status).toBe(200);
    expect(set).toMatch(/^session:[0-9a-f]{16}=/);
    const [first, second, ...others] = tokensIn(text);
    expect([first === second, first?.length ?? 0, others]).toEqual([true, expect.any(Number), []]);
  });

  it("redirects, and shows what was done once, on the page that comes next", async () => {
    const posted = await upload(descriptor);
    expect([posted.status, posted.location]).toEqual([302, "/webui/"]);
    expect(alertsIn((await visit("GET", "/webui/")).text)).toEqual(["success: 1 Services Added", "success: 1 Services Updated"]);
    expect(alertsIn((await visit("GET", "/webui/")).text)).toEqual([]);
    expect(ledger.objects()).toEqual([{ peer: "tfs", object: "service/new_intent_2-1" }]);
  });

  it("shows an error and a success for a service that is there already, and changes nothing", async () => {
    await upload(descriptor);
    await visit("GET", "/webui/");
    const before = ledger.entries().length;
    expect((await upload(descriptor)).status).toBe(302);
    const alerts = alertsIn((await visit("GET", "/webui/")).text);
    expect(alerts).toEqual([
      expect.stringMatching(/^error: Unable to Add Service .*already exists/),
      "danger: 1 Services failed",
      "success: 1 Services Updated",
    ]);
    expect(ledger.entries()).toHaveLength(before);
  });

  it("redirects after a failure too", async () => {
    expect((await upload("{")).status).toBe(302);
    expect(alertsIn((await visit("GET", "/webui/")).text)).toEqual([expect.stringMatching(/^danger: Unable to load descriptor file: /)]);
    expect((await upload(descriptor, { field: "file" })).status).toBe(302);
    expect(alertsIn((await visit("GET", "/webui/")).text)).toEqual([expect.stringContaining("400 Bad Request")]);
    expect((await upload(JSON.stringify({ services: [{ ...fullService(), service_type: "NONE" }] }))).status).toBe(302);
    const alerts = alertsIn((await visit("GET", "/webui/")).text);
    expect(alerts.filter((a) => a.startsWith("error: Unable to"))).toHaveLength(2);
    expect(ledger.entries()).toEqual([]);
  });

  it("answers 200 with the page to a file name that is not .json", async () => {
    const posted = await upload(descriptor, { file: "d.txt" });
    expect([posted.status, posted.text.includes("This field is required.")]).toEqual([200, true]);
    expect(ledger.entries()).toEqual([]);
  });

  it("answers 200 and says why where the CSRF token is missing, wrong or without its cookie", async () => {
    const [token = ""] = tokensIn((await visit("GET", "/webui")).text);
    const cookie = jar;
    const post = async (t: string | undefined, c: string) => {
      const { status, text } = await visit("POST", "/webui", formOf(t, descriptor), c);
      return [status, /The CSRF [^&]*\./.exec(text)?.[0]];
    };
    expect(await post(undefined, cookie)).toEqual([200, "The CSRF token is missing."]);
    expect(await post("wrong", cookie)).toEqual([200, "The CSRF token is invalid."]);
    expect(await post(token, "")).toEqual([200, "The CSRF tokens do not match."]);
    expect(ledger.entries()).toEqual([]);
    expect(await post(token, cookie)).toEqual([302, undefined]);
  });

  it("needs no token and sets no cookie with CSRF off, until there is something to show", async () => {
    const open = await startTfs(ledger, faults, { csrf: false });
    const page = await request(new URL("/webui", open.address));
    expect([page.headers["set-cookie"], tokensIn(await page.body.text())]).toEqual([undefined, []]);
    const posted = await request(new URL("/webui", open.address), { method: "POST", body: formOf(undefined, descriptor) });
    await posted.body.dump();
    const cookie = [posted.headers["set-cookie"] ?? []].flat()[0]?.split(";")[0] ?? "";
    const shown = await request(new URL("/webui/", open.address), { headers: { cookie } });
    expect([posted.statusCode, alertsIn(await shown.body.text())]).toEqual([
      302,
      ["success: 1 Services Added", "success: 1 Services Updated"],
    ]);
    await open.close();
  });

  it("refuses an upload of more than 1 MiB", async () => {
    expect((await upload(`"${"x".repeat(1024 * 1024)}"`)).status).toBe(413);
  });

  it("shares its services with the native interface", async () => {
    await upload(descriptor);
    const response = await request(new URL("/tfs-api/context/admin/service/new_intent_2-1", tfs.address));
    expect(await response.body.json()).toMatchObject({ service_status: { service_status: "SERVICESTATUS_ACTIVE" } });
  });
});
