import { describe, expect, it } from "vitest";
import { joinedHash, planAll } from "./check.ts";
import type { Api } from "./client.ts";
import { planLines, summaryOf } from "./commands/plan.ts";
import { Failure, mayPass, problemLines, Refused, Unreachable } from "./failure.ts";
import { painter } from "./screen.ts";
import type { Plan, PlanStep } from "./wire.ts";

const step = (intentId: string, change: PlanStep["change"], differs: readonly string[] = []): PlanStep => ({
  intentId,
  executioner: "tfs",
  resource: `service/${intentId}`,
  change,
  differs,
});
const planOf = (hash: string, ...steps: readonly PlanStep[]): Plan => ({
  hash,
  changes: steps.filter((s) => s.change !== "none").length,
  steps,
});

/** Plans by the text of the file; a refusal is thrown. */
const apiWith = (plans: Readonly<Record<string, Plan | Failure>>): Api => ({
  server: new URL("http://127.0.0.1:1/"),
  async ask<T>(_path: string, asking?: { body?: Buffer }) {
    const found = plans[asking?.body?.toString() ?? ""];
    if (found instanceof Failure) throw found;
    return found as T;
  },
  stream: () => Promise.reject(new Error("there is no stream here")),
});
const input = (file: string, text = file) => ({ file, bytes: Buffer.from(text) });

describe("a plan", () => {
  const plain = painter(false);
  const all = planOf("0", step("a", "create"), step("longer", "change", ["vlanId", "bandwidth"]), step("b", "delete"), step("c", "none"));

  it("is shown with + ~ - and nothing, and with what differs", () => {
    expect(planLines([{ file: "a.yaml", plan: all }], plain)).toEqual([
      "  + create  a       tfs service/a",
      "  ~ change  longer  tfs service/longer  (differs: vlanId, bandwidth)",
      "  - delete  b       tfs service/b",
      "    none    c       tfs service/c",
    ]);
    expect(summaryOf([{ plan: all }])).toBe("plan: 1 to create, 1 to change, 1 to delete, 1 as they should be");
  });

  it("says no changes only where there are none", () => {
    expect(summaryOf([{ plan: planOf("0", step("c", "none")) }])).toBe(
      "no changes: 0 to create, 0 to change, 0 to delete, 1 as they should be",
    );
  });

  it("of several files names each", () => {
    const plans = [
      { file: "a.yaml", plan: planOf("0", step("a", "create")) },
      { file: "b.json", plan: planOf("1") },
    ];
    expect(planLines(plans, plain)).toEqual(["a.yaml", "  + create  a  tfs service/a", "b.json", "  (nothing to ask of any controller)"]);
  });

  it("has the API's hash for one file, and one over all for several, in their order", () => {
    const [a, b] = [planOf("83765e485ed1c62a"), planOf("9355771fe7c31ff7")];
    expect(joinedHash([a])).toBe("83765e485ed1c62a");
    expect(joinedHash([a, b])).toMatch(/^[0-9a-f]{16}$/);
    expect(joinedHash([a, b])).not.toBe(joinedHash([b, a]));
  });
});

describe("several files", () => {
  const problem = { document: 2, line: 14, path: "/Intent/id", code: "INTENT_INVALID", reason: "too long" };
  const refused = new Refused({ status: 422, code: "INTENT_INVALID", title: "nothing of the file was taken", problems: [problem] });

  it("are all looked at, and every problem of every file is told", async () => {
    const api = apiWith({ a: refused, b: planOf("0", step("b", "create")), c: refused });
    await expect(planAll(api, [input("a"), input("b"), input("c")])).rejects.toMatchObject({
      lines: [
        "a: document 2, line 14, /Intent/id: INTENT_INVALID: too long",
        "c: document 2, line 14, /Intent/id: INTENT_INVALID: too long",
      ],
    });
  });

  it("may not have the same intent twice", async () => {
    const same = planOf("0", step("x", "create"), step("x", "create"));
    const api = apiWith({ a: same, b: same });
    await expect(planAll(api, [input("a"), input("b")])).rejects.toMatchObject({ lines: ["b: INTENT_TWICE: x is in a too"] });
    await expect(planAll(api, [input("a")])).resolves.toHaveLength(1);
  });

  it("are not blamed for a server that is away", async () => {
    const away = new Unreachable(["no answer"]);
    await expect(planAll(apiWith({ a: away }), [input("a"), input("b")])).rejects.toBe(away);
  });
});

describe("problems", () => {
  it("are one line each, with as much of the place as is known", () => {
    const details = { status: 422, code: "X", title: "no" };
    expect(problemLines("f", { ...details, problems: [{ document: 1, code: "A", reason: "r" }] })).toEqual(["f: document 1: A: r"]);
    expect(problemLines("f", { ...details, detail: "because" })).toEqual(["f: X: because"]);
    expect(problemLines(undefined, details)).toEqual(["X: no"]);
  });

  it("may pass when the server says so or does not answer", () => {
    expect(mayPass(new Refused({ status: 503, code: "X", title: "x" }))).toBe(true);
    expect(mayPass(new Unreachable([]))).toBe(true);
    expect(mayPass(new Refused({ status: 422, code: "X", title: "x" }))).toBe(false);
    expect(mayPass(new Failure([]))).toBe(false);
  });
});
