import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Dispatcher, request } from "undici";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Controller } from "../domain/controllers.ts";
import { type Lab, startLab } from "./lab.ts";

async function control(lab: Lab, method: Dispatcher.HttpMethod, path: string, body?: unknown) {
  const response = await request(new URL(path, lab.controlAddress), {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.statusCode, body: (await response.body.json()) as Record<string, unknown> };
}

async function createNetwork(lab: Lab): Promise<number> {
  const cluster = lab.controllers.find((c) => c.executioner === "cluster");
  const body = { apiVersion: "l2sm.l2sm.k8s.local/v1", kind: "L2Network", metadata: { name: "n" }, spec: { type: "vnet" } };
  const url = new URL("/apis/l2sm.l2sm.k8s.local/v1/namespaces/default/l2networks", cluster?.connect);
  const response = await request(url, { method: "POST", headers: { authorization: "Bearer t" }, body: JSON.stringify(body) });
  await response.body.dump();
  return response.statusCode;
}

describe("the lab", () => {
  it("hands out controllers that a host can take, all of them on the loopback interface", async () => {
    const lab = await startLab();
    const controllers = z.array(Controller).parse(lab.controllers);
    expect(controllers.map((c) => [c.executioner, c.origin])).toEqual([
      ["tfs", "http://192.168.165.10"],
      ["l2sm", "http://192.168.165.10"],
      ["nsc", "https://nsc.example.net"],
      ["nsc", "http://192.168.165.10"],
      ["peering", "https://peering.example.net"],
      ["5g", "https://nef.example"],
      ["5g", "https://cumucore.example"],
      ["restconf", "https://router.example.net"],
      ["cluster", "https://172.18.0.3:6443"],
      ["cluster", "https://172.18.0.4:6443"],
    ]);
    const hosts = [...controllers.map((c) => new URL(c.connect ?? "").hostname), lab.controlAddress.hostname];
    expect(new Set(hosts)).toEqual(new Set(["127.0.0.1"]));
    await lab.close();
  });

  it("shows its ledger over HTTP, always labelled as a simulator's, and forgets everything when told", async () => {
    const lab = await startLab();
    expect(await createNetwork(lab)).toBe(201);
    const { status, body } = await control(lab, "GET", "/ledger");
    expect([status, body]).toMatchObject([
      200,
      {
        simulator: true,
        notice: expect.stringContaining("simulator") as string,
        entries: [{ seq: 1, peer: "cluster:kind-worker-cluster-1", effect: "created", object: "l2networks/default/n" }],
        inventory: [{ object: "l2networks/default/n" }],
        counters: { requests: { "cluster:kind-worker-cluster-1": { "l2networks.create": 1 } } },
      },
    ]);
    expect(await createNetwork(lab)).toBe(409);
    expect((await control(lab, "DELETE", "/ledger")).body).toMatchObject({ simulator: true });
    expect((await control(lab, "GET", "/ledger")).body).toMatchObject({ entries: [], inventory: [], counters: { requests: {} } });
    expect(await createNetwork(lab)).toBe(201);
    await lab.close();
  });

  it("takes faults over HTTP, one or several, or none of them if one is wrong", async () => {
    const lab = await startLab();
    const fault = { kind: "status", peer: "cluster:*", status: 503 };
    expect(await control(lab, "POST", "/faults", [fault, { kind: "explode" }])).toMatchObject({ status: 400, body: { simulator: true } });
    expect((await control(lab, "GET", "/faults")).body).toMatchObject({ faults: [] });
    expect(await control(lab, "POST", "/faults", fault)).toMatchObject({ status: 201, body: { ids: [1] } });
    expect(await createNetwork(lab)).toBe(503);
    expect((await control(lab, "GET", "/faults")).body).toMatchObject({ faults: [{ id: 1, strikes: 1 }] });
    expect((await control(lab, "DELETE", "/faults")).body).toMatchObject({ simulator: true, faults: [] });
    expect(await createNetwork(lab)).toBe(201);
    expect(await control(lab, "GET", "/nothing")).toMatchObject({ status: 404, body: { simulator: true } });
    await lab.close();
  });

  it("keeps the delay that it was started with over a reset", async () => {
    const lab = await startLab({ delayMs: 7 });
    lab.reset();
    expect(lab.faults.list().map(({ fault }) => [fault.kind, fault.peer, fault.operation])).toEqual([
      ["delay", "tfs", "mutating"],
      ["delay", "l2sm-md", "mutating"],
      ["delay", "nsc", "mutating"],
      ["delay", "peering", "mutating"],
      ["delay", "nef", "mutating"],
      ["delay", "restconf", "mutating"],
    ]);
    await lab.close();
  });
});

describe("the lab on its own", { timeout: 30_000 }, () => {
  it("writes the controllers, prints one line, and goes cleanly when terminated", async () => {
    const folder = await mkdtemp(join(tmpdir(), "lab-"));
    const file = join(folder, "controllers.json");
    const main = fileURLToPath(new URL("main.ts", import.meta.url));
    const child = spawn(process.execPath, [main, "--controllers-file", file], { stdio: ["ignore", "pipe", "inherit"] });
    const exited = once(child, "exit");
    const [printed] = (await once(child.stdout, "data")) as [Buffer];
    const line = JSON.parse(printed.toString("utf8")) as { simulator: boolean; control: string; controllers: unknown };
    expect(line.simulator).toBe(true);
    expect(z.array(Controller).parse(JSON.parse(await readFile(file, "utf8")))).toEqual(line.controllers);
    const answer = await request(new URL("/ledger", line.control));
    await answer.body.dump();
    expect(answer.statusCode).toBe(200);
    child.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
    await rm(folder, { recursive: true });
  });

  it("refuses options that it does not have", async () => {
    const main = fileURLToPath(new URL("main.ts", import.meta.url));
    const child = spawn(process.execPath, [main, "--delay-ms", "soon"], { stdio: "ignore" });
    expect(await once(child, "exit")).toEqual([2, null]);
  });
});
