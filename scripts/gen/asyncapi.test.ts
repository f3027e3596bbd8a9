import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fromFile, Parser } from "@asyncapi/parser";
import { expect, it } from "vitest";
import { asyncApi } from "./asyncapi.ts";
import { readEventTypes, readFunctions } from "./files.ts";
import { eventSchemas } from "./schemas.ts";

const root = join(import.meta.dirname, "../..");

it("is a valid AsyncAPI 3 document with a channel for every event type and an operation for everything a function takes or gives", async () => {
  const [document, schemas, types, functions] = await Promise.all([
    asyncApi(root),
    eventSchemas(root),
    readEventTypes(root),
    readFunctions(root),
  ]);
  const dir = await mkdtemp(join(tmpdir(), "underlay-asyncapi-"));
  for (const [path, content] of [...document, ...schemas]) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), content);
  }
  const parsed = await fromFile(new Parser(), join(dir, "events/asyncapi.yaml")).parse();
  await rm(dir, { recursive: true });

  expect(parsed.diagnostics.filter(({ severity }) => severity === 0)).toEqual([]);
  expect(
    parsed.document
      ?.allChannels()
      .all()
      .map((channel) => channel.address()),
  ).toEqual(types.map(({ type }) => type));
  expect(parsed.document?.allOperations().length).toBe(functions.reduce((sum, { on, emits }) => sum + on.length + emits.length, 0));
});
