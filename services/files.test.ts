import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { reachable, readControllersFile } from "./controllers.ts";
import { readSealKey } from "./seal-key.ts";

let dir: string;
const started = process.cwd();
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "underlay-files-"));
  process.chdir(dir);
});
afterEach(() => {
  process.chdir(started);
  rmSync(dir, { recursive: true, force: true });
});

const key = Buffer.alloc(32, 5);
const write = (name: string, text: string): string => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};

describe("the seal key", () => {
  it("is read from a file, as openssl prints it", () => {
    expect(readSealKey(write("key", `${key.toString("base64")}\n`)).equals(key)).toBe(true);
  });

  it("is read from the directory that Kubernetes mounts", () => {
    mkdirSync(join(dir, "secret", "..data"), { recursive: true });
    writeFileSync(join(dir, "secret", "..data", "seal.key"), key.toString("base64"));
    symlinkSync(join("..data", "seal.key"), join(dir, "secret", "seal.key"));
    expect(readSealKey(join(dir, "secret")).equals(key)).toBe(true);
    mkdirSync(join(dir, "empty"));
    expect(() => readSealKey(join(dir, "empty"))).toThrow("no file");
  });

  it("is 32 bytes or nothing, and is not repeated when it is not", () => {
    for (const text of ["", "canary", key.subarray(1).toString("base64"), Buffer.alloc(33).toString("base64")]) {
      const file = write("key", text);
      expect(() => readSealKey(file)).toThrow(/32 bytes/);
      expect(() => readSealKey(file)).not.toThrow(/canary/);
    }
    expect(() => readSealKey(join(dir, "missing"))).toThrow();
  });

  it("is made once on a laptop, for its owner's eyes only", () => {
    const made = readSealKey(undefined);
    expect(made).toHaveLength(32);
    expect(readSealKey(undefined).equals(made)).toBe(true);
    expect(statSync(join(dir, ".underlay", "seal.key")).mode & 0o077).toBe(0);
  });
});

describe("the file of controllers", () => {
  it("is a list in JSON or YAML", () => {
    const expected = [{ executioner: "tfs", origin: "http://a.example" }];
    expect(readControllersFile(write("c.json", JSON.stringify(expected)))).toEqual(expected);
    expect(readControllersFile(write("c.yaml", "- executioner: tfs\n  origin: http://a.example/x\n"))).toEqual(expected);
  });

  it("tells everything that is wrong with it at once", () => {
    const file = write(
      "c.json",
      JSON.stringify([
        { executioner: "", origin: "http://a" },
        { executioner: "tfs", origin: "nowhere" },
      ]),
    );
    expect(() => readControllersFile(file)).toThrow(/0.*[\s\S]*1/);
    expect(() => readControllersFile(file)).toThrow(file);
    for (const text of ["{}", "null", "- tfs"]) expect(() => readControllersFile(write("c.json", text))).toThrow();
  });

  it("names files for credentials, which are read without the line end", () => {
    const [first, log] = reachable([
      {
        executioner: "tfs",
        origin: "http://a.example",
        connect: "http://127.0.0.1:8080",
        userFile: write("user", "admin\n"),
        passwordFile: write("password", "pass word\n"),
        caFile: write("ca", "pem\n"),
      },
    ]);
    expect(first).toEqual({
      executioner: "tfs",
      origin: "http://a.example",
      address: new URL("http://127.0.0.1:8080"),
      user: "admin",
      password: "pass word",
      ca: readFileSync(join(dir, "ca"), "utf8"),
    });
    expect(log).toMatchObject({ executioner: "log" });
  });

  it("names files of tokens, which are read again for each request, and must be there from the start", () => {
    const entry = { executioner: "kubelet", origin: "https://a.example", tokenFile: write("token", "first\n") };
    const [source] = reachable([entry]);
    expect(source?.token?.()).toBe("first");
    write("token", "renewed\n");
    expect(source?.token?.()).toBe("renewed");
    expect(() => reachable([{ ...entry, tokenFile: join(dir, "nowhere") }])).toThrow("nowhere");
  });
});
