import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { IntentClassified } from "../../../events/intent.ts";
import { decodeHttp, encodeBinary } from "../../../runtime/codec/http.ts";
import { bundle } from "../../../scripts/build.ts";
import { partPath } from "../../../scripts/real/part.ts";
import { freePort } from "../../../scripts/services/child.ts";
import { byNode, overHttp, type Serve } from "../../conformance/hosts-doors.ts";
import { describeDoor, describeHttpDoor } from "../../conformance/hosts-table.ts";
import { openListener } from "../hosting.ts";
import { vectors } from "../matrix/vectors.ts";
import { startWatchdog, type Watchdog } from "./watchdogs.ts";

const program = await partPath("of-watchdog");

/** Our node:http host, and the watchdog before it. */
const byWatchdog: Serve = async (notes, sinkUrl, maxInFlight) => {
  const host = await byNode(notes, sinkUrl, maxInFlight);
  const dog = await startWatchdog(program ?? "", { upstreamPort: host.port });
  return {
    port: Number(new URL(dog.url).port),
    close: async () => {
      await dog.close();
      await host.close();
    },
  };
};

describe.skipIf(program === undefined)("of-watchdog", () => {
  describeDoor("of-watchdog", () => overHttp(byWatchdog, 100));
  describeHttpDoor("HTTP behind of-watchdog", () => overHttp(byWatchdog, 100));

  describe("before the program of the image", () => {
    let image: string;
    let dog: Watchdog;
    beforeAll(async () => {
      image = await mkdtemp(join(tmpdir(), "underlay-image-"));
      await mkdir(join(image, "deploy"));
      await cp(join(import.meta.dirname, "../../../deploy/entry.cjs"), join(image, "deploy/entry.cjs"));
      await bundle("intent-classify", join(image, "dist/functions"));
      const upstreamPort = await freePort();
      dog = await startWatchdog(program ?? "", {
        upstreamPort,
        fprocess: `${process.execPath} ${join(image, "deploy/entry.cjs")}`,
        env: { FUNCTION: "intent-classify", HOST: "127.0.0.1", PORT: String(upstreamPort), REDIS_URL: "" },
      });
    }, 60_000);
    afterAll(async () => {
      await dog.close();
      await rm(image, { recursive: true });
    });

    it("is healthy and ready", async () => {
      expect((await fetch(`${dog.url}_/health`)).status).toBe(200);
      expect((await fetch(`${dog.url}_/ready`)).status).toBe(200);
    });

    it("passes an event on and its answer back, and says how long it took", async () => {
      const submitted = vectors.find(({ name }) => name.startsWith("annex 9.1"))?.event;
      if (submitted === undefined) throw new Error("annex 9.1 is no vector");
      const { headers, body } = encodeBinary(submitted);
      const response = await fetch(dog.url, { method: "POST", headers, body: new Uint8Array(body) });
      const answered = decodeHttp(Object.fromEntries(response.headers), Buffer.from(await response.arrayBuffer()));
      expect(response.status).toBe(200);
      expect(answered).toMatchObject({ type: IntentClassified.type, causationid: submitted.id });
      expect(Number(response.headers.get("x-duration-seconds"))).toBeGreaterThan(0);
    });
  });

  it("answers 429 above max_inflight, as our host does, and lets the others through", async () => {
    const slow = await openListener(() => ({ status: 200 }), 500);
    const dog = await startWatchdog(program ?? "", {
      upstreamPort: Number(new URL(slow.url).port),
      env: { max_inflight: "1", ready_path: "" },
    });
    const statuses = await Promise.all([1, 2].map(async () => (await fetch(dog.url, { method: "POST", body: "{}" })).status));
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 429]);
    await dog.close();
    await slow.close();
  });

  it("lets what is in work finish when it is told to end", async () => {
    const slow = await openListener(() => ({ status: 200, body: "done" }), 500);
    const dog = await startWatchdog(program ?? "", { upstreamPort: Number(new URL(slow.url).port), env: { ready_path: "" } });
    const answer = fetch(dog.url, { method: "POST", body: "{}" });
    while (slow.seen.length === 0) await sleep(10);
    process.kill(dog.child.pid, "SIGTERM");
    expect(await (await answer).text()).toBe("done");
    for (let tries = 0; !dog.child.hasExited() && tries < 100; tries += 1) await sleep(50);
    expect(dog.child.hasExited()).toBe(true);
    await dog.close();
    await slow.close();
  });
});
