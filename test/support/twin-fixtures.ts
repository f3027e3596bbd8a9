import { readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../fixtures/twins");

/** Real scrapes; their sources and licences are in the NOTICE.txt beside them. */
export const twinFixture = (path: string): string => readFileSync(join(folder, path), "utf8");
