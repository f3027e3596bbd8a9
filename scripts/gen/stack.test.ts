import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { readFunctions } from "./files.ts";
import { stackPro } from "./stack-pro.ts";
import { stack } from "./stack.ts";

const root = join(import.meta.dirname, "../..");

/** Of openfaas/go-sdk stack/schema.go. faas-cli ignores a key that it does not know, so nobody else would say. */
const KEYS = {
  top: ["version", "provider", "functions", "configuration"],
  provider: ["name", "gateway"],
  function: (
    "lang handler image fprocess environment environment_file secrets skip_build constraints labels annotations limits requests " +
    "readonly_root_filesystem build_options build_args build_secrets namespace platforms"
  ).split(" "),
  labels: /^com\.openfaas\.scale\.(min|max)$/,
  annotations: ["topic", "schedule"],
};

/** As the cron-connector has it, which has no field for seconds. */
const SECONDS: Readonly<Record<string, string>> = { "*/30 * * * * *": "@every 30s" };

type Mapping = Readonly<Record<string, unknown>>;
interface Stack extends Mapping {
  readonly version: string;
  readonly provider: Mapping;
  readonly functions: Readonly<Record<string, Mapping & { labels: Mapping; annotations?: Mapping; environment: Mapping; image: string }>>;
}

const read = async (): Promise<Stack> => parse((await stack(root)).get("stack.yml") ?? "") as Stack;

const deployed = async () => (await readFunctions(root)).filter(({ isDebugAid }) => isDebugAid !== true);

it("uses only keys that OpenFaaS knows", async () => {
  const { version, provider, functions, ...rest } = await read();
  expect(version).toBe("1.0");
  expect(Object.keys({ version, provider, functions, ...rest }).filter((key) => !KEYS.top.includes(key))).toEqual([]);
  expect(Object.keys(provider).toSorted()).toEqual(KEYS.provider.toSorted());
  for (const fn of Object.values(functions)) {
    expect(Object.keys(fn).filter((key) => !KEYS.function.includes(key))).toEqual([]);
    expect(Object.keys(fn.labels).filter((key) => !KEYS.labels.test(key))).toEqual([]);
    expect(Object.keys(fn.annotations ?? {}).filter((key) => !KEYS.annotations.includes(key))).toEqual([]);
    expect(
      [...Object.values(fn.labels), ...Object.values(fn.annotations ?? {}), ...Object.values(fn.environment)].filter(
        (value) => typeof value !== "string",
      ),
    ).toEqual([]);
  }
});

it("has every function but debugging aids, within what OpenFaaS CE allows", async () => {
  const { functions } = await read();
  const known = await deployed();
  expect(Object.keys(functions)).toEqual(known.map(({ name }) => name));
  expect(known.length).toBeGreaterThan(0);
  expect(known.length).toBeLessThanOrEqual(15);
  for (const { labels } of Object.values(functions)) expect(Number(labels["com.openfaas.scale.max"])).toBeLessThanOrEqual(5);
});

it("gives the clock's schedule to what a clock starts, and the files to what reads them", async () => {
  const { functions } = await read();
  const withKey = ["cfdrl-aggregate", "cfdrl-step", "exec-5g", "exec-l2sm", "exec-peering", "intent-report"];
  const withControllers = [
    "cfdrl-step",
    "cmdt-fuse",
    "exec-5g",
    "exec-l2sm",
    "exec-nsc",
    "exec-peering",
    "exec-restconf",
    "exec-tfs",
    "intent-report",
  ];
  for (const { name, every } of await deployed()) {
    const fn = functions[name];
    expect(fn?.annotations).toEqual(every === undefined ? undefined : { topic: "cron-function", schedule: SECONDS[every] ?? every });
    const secrets = [...(withKey.includes(name) ? ["seal-key"] : []), ...(withControllers.includes(name) ? ["controllers"] : [])];
    expect([name, fn?.["secrets"] ?? []]).toEqual([name, secrets]);
    expect([name, fn?.environment["SEAL_KEY_FILE"]]).toEqual([name, withKey.includes(name) ? "/var/openfaas/secrets/seal-key" : undefined]);
  }
});

it("has what CE refuses in the Pro file only, and there for every function", async () => {
  const pro = parse((await stackPro(root)).get("deploy/openfaas/stack.pro.yml") ?? "") as Stack;
  const { functions } = await read();
  expect(Object.keys(pro.functions)).toEqual(Object.keys(functions));
  for (const [name, fn] of Object.entries(pro.functions)) {
    expect({ ...fn, labels: {}, annotations: {} }).toEqual({ ...functions[name], labels: {}, annotations: {} });
    expect(fn.annotations).toMatchObject({ ...functions[name]?.annotations, "com.openfaas.retry.attempts": "8" });
    expect(fn.labels["com.openfaas.scale.zero"]).toBe("true");
    for (const key of [...Object.keys(fn.labels), ...Object.keys(fn.annotations ?? {})])
      expect(key).toMatch(
        /^(com\.openfaas\.(scale|retry|ready\.http|health\.http)\.[a-z_.-]+|com\.openfaas\.scale\.zero-duration|topic|schedule)$/,
      );
  }
});
