import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const LAPTOP_FILE = join(".underlay", "seal.key");

/**
 * The 32 bytes that seal the secrets of intents, in base64. OpenFaaS mounts a secret as a file, Knative as a directory with the file in it.
 * Without a file named, a laptop gets one made: losing it loses the sealed tokens, so anything that lasts names its own.
 */
export function readSealKey(file: string | undefined): Buffer {
  const path = file === undefined ? madeOnce(LAPTOP_FILE) : fileIn(file);
  const sealKey = Buffer.from(readFileSync(path, "utf8").trim(), "base64");
  if (sealKey.length !== 32)
    throw new Error(`${path} holds no seal key: expected 32 bytes in base64, as \`openssl rand -base64 32\` prints`);
  return sealKey;
}

function fileIn(path: string): string {
  if (!statSync(path).isDirectory()) return path;
  const [name] = readdirSync(path).filter((entry) => !entry.startsWith("."));
  if (name === undefined) throw new Error(`there is no file in ${path}`);
  return join(path, name);
}

function madeOnce(path: string): string {
  if (existsSync(path)) return path;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, `${randomBytes(32).toString("base64")}\n`, { mode: 0o600, flag: "wx" });
  return path;
}
