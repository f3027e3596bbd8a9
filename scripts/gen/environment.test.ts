import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { environment } from "./environment.ts";

const PAGE = "# Operations\n\n<!-- environment:begin -->\nold\n<!-- environment:end -->\n\nby hand\n";
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "underlay-environment-"));
  await mkdir(join(root, "docs"));
  await mkdir(join(root, "runtime"));
  await symlink(join(import.meta.dirname, "../../node_modules"), join(root, "node_modules"));
});
afterEach(() => rm(root, { recursive: true }));

const config = (schema: string): Promise<void> =>
  writeFile(join(root, "runtime/config.ts"), `import { z } from "zod";\nexport const Environment = z.object(${schema});\n`);

it("puts the table between the markers and leaves the rest of the page alone", async () => {
  await writeFile(join(root, "docs/operations.md"), PAGE);
  await config(`{
    PORT: z.string().transform(Number).default(8080).describe("Where it listens."),
    AMQP_URL: z.url().optional().describe("A | B."),
    LOG_LEVEL: z.enum(["debug", "info"]).default("info").describe("How much it says"),
  }`);
  const page = (await environment(root)).get("docs/operations.md");
  expect(page?.startsWith("# Operations\n\n<!-- environment:begin -->\n")).toBe(true);
  expect(page?.endsWith("<!-- environment:end -->\n\nby hand\n")).toBe(true);
  expect(page).toContain(
    "| `PORT` | Where it listens. | `8080` |\n| `AMQP_URL` | A \\| B. | – |\n| `LOG_LEVEL` | How much it says (debug, info) | `info` |",
  );
  expect(page).not.toContain("old");
});

it("refuses a variable that nobody described, and a page without its markers", async () => {
  await writeFile(join(root, "docs/operations.md"), PAGE);
  await config("{ PORT: z.string() }");
  await expect(environment(root)).rejects.toThrow(/does not describe PORT/);
  await writeFile(join(root, "docs/operations.md"), "# Operations\n");
  await expect(environment(root)).rejects.toThrow(/once each/);
});
