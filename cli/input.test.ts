import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readInputs } from "./input.ts";

let dir: string;
const stdin = () => Promise.resolve(Buffer.from("piped"));
const namesOf = async (given: readonly string[]) => (await readInputs(given, stdin)).map(({ file }) => file);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "underlay-input-"));
  await mkdir(join(dir, "empty"));
  await Promise.all(["b.yml", "a.yaml", "c.json", "notes.txt"].map((name) => writeFile(join(dir, name), name)));
});
afterAll(() => rm(dir, { recursive: true }));

describe("what -f takes", () => {
  it("is files in the order given, and stdin", async () => {
    const inputs = await readInputs([join(dir, "c.json"), "-", join(dir, "notes.txt")], stdin);
    expect(inputs.map(({ bytes }) => bytes.toString())).toEqual(["c.json", "piped", "notes.txt"]);
    expect(inputs[1]?.file).toBe("stdin");
  });

  it("is a directory's YAML and JSON by name", async () => {
    expect(await namesOf([dir])).toEqual([join(dir, "a.yaml"), join(dir, "b.yml"), join(dir, "c.json")]);
  });

  it("is not what is not there: every such name is told", async () => {
    await expect(namesOf([join(dir, "nowhere"), join(dir, "empty")])).rejects.toMatchObject({
      lines: [`${join(dir, "nowhere")}: no such file`, `${join(dir, "empty")}: no *.yaml, *.yml or *.json in it`],
    });
  });

  it("is not stdin twice", async () => {
    await expect(namesOf(["-", "-"])).rejects.toMatchObject({ lines: ["- was given twice, and there is one stdin"] });
  });
});
