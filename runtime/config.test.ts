import { expect, it } from "vitest";
import { readConfig } from "./config.ts";

it("has defaults for what is the same everywhere, and none for addresses", () => {
  const config = readConfig({ PATH: "/usr/bin", HOME: "/" });
  expect(config).toMatchObject({
    PORT: 8080,
    HOST: "127.0.0.1",
    FUSE: [],
    LOG_LEVEL: "info",
    ATTEMPTS: 8,
    PATIENCE_MS: 120_000,
    DRIFT: "report",
    DRIFT_EVERY_S: 300,
  });
  expect(config).toMatchObject({ COST_MAP_EVERY_MS: 3_600_000, NEMEX_EXCHANGE: "", NEMEX_KEY: "costs-map", NEMEX_QUEUE: "mncc_cmv" });
  for (const name of ["AMQP_URL", "REDIS_URL", "K_SINK"]) expect(config).not.toHaveProperty(name);
  expect(Object.isFrozen(config)).toBe(true);
  expect(Object.isFrozen(readConfig({ FUSE: "a,b" }).FUSE)).toBe(true);
});

it.each([
  ["PORT", "9090", 9090],
  ["PORT", "0", 0],
  ["PORT", "", 8080],
  ["HOST", "0.0.0.0", "0.0.0.0"],
  ["AMQP_URL", "amqps://user:secret@broker:5671/nemo", "amqps://user:secret@broker:5671/nemo"],
  ["AMQP_URL", "", undefined],
  ["REDIS_URL", "redis://store:6379/1", "redis://store:6379/1"],
  ["FUSE", "intent-classify, intent-translate", ["intent-classify", "intent-translate"]],
  ["FUSE", "", []],
  ["LOG_LEVEL", "debug", "debug"],
  ["ATTEMPTS", "3", 3],
  ["PATIENCE_MS", "500", 500],
  ["CRASH_AT", "exec-tfs:claimed", "exec-tfs:claimed"],
  ["CRASH_AT", "confirmed", "confirmed"],
  ["LAB", "off", "off"],
  ["COST_MAP_EVERY_MS", "120000", 120_000],
  ["NEMEX_EXCHANGE", "", ""],
  ["NEMEX_KEY", "costs-map", "costs-map"],
  ["K_SINK", "http://broker-ingress.knative-eventing.svc/nemo", "http://broker-ingress.knative-eventing.svc/nemo"],
] as const)("reads %s=%s", (name, value, read) => {
  expect(readConfig({ [name]: value })[name]).toEqual(read);
});

it.each([
  ["PORT", "80a"],
  ["PORT", "-1"],
  ["PORT", "70000"],
  ["PORT", "8080.5"],
  ["AMQP_URL", "http://broker"],
  ["AMQP_URL", "broker:5672"],
  ["REDIS_URL", "localhost"],
  ["FUSE", "a,,b"],
  ["FUSE", "a b"],
  ["LOG_LEVEL", "verbose"],
  ["ATTEMPTS", "0"],
  ["ATTEMPTS", "many"],
  ["PATIENCE_MS", "1e3"],
  ["CRASH_AT", "a:b:c"],
  ["LAB", "yes"],
  ["K_SINK", "ftp://x"],
  ["COST_MAP_EVERY_MS", "0"],
  ["NEMEX_QUEUE", "a queue"],
])("refuses %s=%s by name", (name, value) => {
  expect(() => readConfig({ [name]: value })).toThrow(name);
});

it("reports everything that is wrong at once, and repeats no value", () => {
  const wrong = () => readConfig({ PORT: "x", AMQP_URL: "hunter2", LAB: "maybe" });
  expect(wrong).toThrow(/PORT[^]*AMQP_URL[^]*LAB/);
  expect(wrong).not.toThrow(/hunter2/);
});
