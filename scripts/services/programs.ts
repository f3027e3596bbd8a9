import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const USUAL = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/usr/bin", "/opt/homebrew/sbin", "/opt/homebrew/bin"];

/** Where a server's program is: on many systems it is not on an ordinary user's PATH. */
export const findProgram = (name: string, first: readonly string[] = []): string | undefined =>
  [...first, ...(process.env["PATH"] ?? "").split(delimiter), ...USUAL]
    .filter((dir) => dir !== "")
    .map((dir) => join(dir, name))
    .find((path) => existsSync(path));

const succeeds = (command: string, args: readonly string[]): boolean => spawnSync(command, args, { stdio: "ignore" }).status === 0;

/** Installs Debian packages where that can be done without asking anybody: as root, or with a sudo that wants no password. */
export function installPackages(names: readonly string[], say: (line: string) => void): boolean {
  const apt = findProgram("apt-get");
  if (apt === undefined) return false;
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && !succeeds("sudo", ["-n", "true"])) return false;
  const prefix = isRoot ? [] : ["sudo", "-n"];
  const run = (...args: readonly string[]): boolean => {
    const [command = apt, ...rest] = [...prefix, "env", "DEBIAN_FRONTEND=noninteractive", apt, ...args];
    const { status, stderr } = spawnSync(command, rest, { encoding: "utf8", timeout: 300_000 });
    if (status !== 0) say(`apt-get ${args.join(" ")} failed: ${stderr.trim().split("\n").slice(-3).join("\n")}`);
    return status === 0;
  };
  say(`installing ${names.join(" and ")} from the system's packages (apt-get, takes a minute) …`);
  return run("update") && run("install", "-y", "--no-install-recommends", ...names);
}
