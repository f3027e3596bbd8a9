import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { z } from "zod";
import { partPath } from "../../../scripts/real/part.ts";

const root = join(import.meta.dirname, "../../..");
const run = promisify(execFile);
const cli = await partPath("faas-cli");

const Texts = z.record(z.string(), z.string());
const Written = z.object({
  functions: z.record(
    z.string(),
    z.object({ environment: Texts, labels: Texts, annotations: Texts.optional(), secrets: z.array(z.string()).optional() }),
  ),
});
const Generated = z.object({
  apiVersion: z.literal("openfaas.com/v1"),
  kind: z.literal("Function"),
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    name: z.string(),
    image: z.string(),
    environment: Texts,
    labels: Texts,
    annotations: Texts.optional(),
    secrets: z.array(z.string()).optional(),
  }),
});
const Service = z.object({
  kind: z.literal("Service"),
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    template: z.object({
      spec: z.object({
        containers: z.tuple([z.object({ image: z.string(), env: z.array(z.object({ name: z.string(), value: z.string().optional() })) })]),
      }),
    }),
  }),
});

const written = async (file: string) => Written.parse(parse(await readFile(join(root, file), "utf8"))).functions;
const documents = (text: string): readonly unknown[] =>
  parseAllDocuments(text)
    .map((document) => document.toJS() as unknown)
    .filter((object) => object !== null);

/** `faas-cli generate` with nothing of this environment but what is given. */
async function generate(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<readonly unknown[]> {
  const { stdout } = await run(cli ?? "", ["generate", ...args], { cwd: root, env: { HOME: tmpdir(), ...env } });
  return documents(stdout);
}

describe.skipIf(cli === undefined)("faas-cli", () => {
  const REDIS_URL = "redis://redis.example:6379";
  const SINK_URL = "http://sink.example";

  it.each(["stack.yml", "deploy/openfaas/stack.pro.yml"])("makes of each function in %s what is written there", async (file) => {
    const functions = await written(file);
    const made = (await generate({ REDIS_URL, SINK_URL, IMAGE: "registry.example/underlay", TAG: "1.2.3" }, "-f", file)).map((one) =>
      Generated.parse(one),
    );
    expect(made.length).toBeGreaterThan(0);
    expect(Object.fromEntries(made.map(({ metadata, spec }) => [metadata.name, spec]))).toEqual(
      Object.fromEntries(
        Object.entries(functions).map(([name, { environment, labels, annotations, secrets }]) => [
          name,
          {
            name,
            image: "registry.example/underlay:1.2.3",
            environment: { ...environment, REDIS_URL, K_SINK: SINK_URL },
            labels,
            ...(annotations === undefined ? {} : { annotations }),
            ...(secrets === undefined ? {} : { secrets }),
          },
        ]),
      ),
    );
  });

  it("fills in what the environment leaves out", async () => {
    const made = (await generate({}, "-f", "stack.yml")).map((one) => Generated.parse(one).spec);
    expect(new Set(made.map(({ image }) => image))).toEqual(new Set(["underlay:dev"]));
    expect(new Set(made.map(({ environment }) => environment["REDIS_URL"]))).toEqual(new Set([""]));
    expect(new Set(made.map(({ environment }) => environment["K_SINK"]))).toEqual(new Set(["http://bridge.nemo-net"]));
  });

  it("makes Knative Services of the same names that deploy/knative has, with the same choice of function", async () => {
    const chosen = (object: unknown) => {
      const { metadata, spec } = Service.parse(object);
      return [metadata.name, spec.template.spec.containers[0].env.find(({ name }) => name === "FUNCTION")?.value];
    };
    const theirs = (await generate({}, "-f", "stack.yml", "--api=serving.knative.dev/v1")).map(chosen);
    const ours = documents(await readFile(join(root, "deploy/knative/services.yaml"), "utf8")).map(chosen);
    expect(theirs.length).toBeGreaterThan(0);
    expect(ours).toEqual(theirs);
  });

  it("builds nothing: every function comes in the image", async () => {
    const dir = await mkdtemp(join(tmpdir(), "underlay-faas-cli-"));
    await mkdir(join(dir, "template")); // without one it asks the network for the official templates, which nothing here is made of
    const { stdout } = await run(cli ?? "", ["build", "--shrinkwrap", "-f", join(root, "stack.yml")], { cwd: dir, env: { HOME: dir } });
    const made = await readdir(dir);
    await rm(dir, { recursive: true });
    expect(stdout.match(/^Skipping build of: /gm)).toHaveLength(Object.keys(await written("stack.yml")).length);
    expect(made).toEqual(["template"]);
  });
});
