import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";

const golden = join(import.meta.dirname, "..", "golden");

export const annex91 = (): Promise<string> => readFile(join(golden, "annex-9.1-tfs-l2vpn.yaml"), "utf8");
export const annex92 = (): Promise<string> => readFile(join(golden, "annex-9.2-l2sm.yaml"), "utf8");

/** A YAML document as NEMO puts it on the wire: JSON of `{"Intent": …}`. */
export const asNemoJson = (yaml: string): string => JSON.stringify(parse(yaml));
