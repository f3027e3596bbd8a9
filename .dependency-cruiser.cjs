// Who may import whom. The table these rules come from is in docs/architecture.md; tests may import anything.
const npm = (...names) => `node_modules/(${names.join("|")})(/|$)`;
const inside = (...dirs) => `^(${dirs.join("|")})/`;
const code = (path, pathNot = []) => ({ path, pathNot: ["\\.test\\.ts$", ...pathNot] });
const product = inside("events", "functions", "domain", "state", "runtime", "services", "cli");
const rule = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });

module.exports = {
  forbidden: [
    rule("domain-is-pure", "domain imports itself and zod, nothing else", code("^domain/"), { pathNot: `^domain/|${npm("zod")}` }),
    rule("domain-reaches-no-client", "not even through something else", code("^domain/"), {
      path: npm("ioredis", "amqplib", "undici", "fastify", "@grpc/grpc-js", "@kubernetes/client-node"),
      reachable: true,
    }),
    rule("events-know-no-machinery", "events import the domain's models, zod, cloudevents' types and a hash", code("^events/"), {
      pathNot: `^(events|domain)/|^(node:)?crypto$|${npm("zod", "cloudevents")}`,
    }),
    rule("state-knows-domain-and-redis", "what is remembered does not know who asks", code("^state/"), {
      path: `${inside("events", "runtime", "functions", "services", "cli", "lab", "console")}|${npm("amqplib", "undici", "fastify")}`,
    }),
    rule("runtime-knows-no-meaning", "runtime hosts any function on any store", code("^runtime/"), {
      path: `${inside("functions", "state", "services", "cli", "lab", "console")}|^domain/(?!outcome\\.ts)|^events/(?!(?:define|rejected)\\.ts)`,
    }),
    rule("no-function-imports-function", "each is deployed alone; what they share is beside their folders", code("^functions/([^/]+)/"), {
      path: "^functions/([^/]+/|index\\.ts)",
      pathNot: "^functions/$1/",
    }),
    rule(
      "shared-parts-import-no-function",
      "only the generated index lists them",
      code("^functions/[^/]+\\.ts$", ["^functions/index\\.ts$"]),
      {
        path: "^functions/([^/]+/|index\\.ts)",
      },
    ),
    rule("functions-see-two-files-of-runtime", "function.ts and errors.ts", code("^functions/"), {
      path: `^runtime/(?!function\\.ts|errors\\.ts)|${inside("services", "cli", "lab", "console")}|${npm("amqplib", "ioredis")}`,
    }),
    rule("cli-talks-http", "it uses the API that everybody else uses", code("^cli/"), {
      path: `${inside("services", "runtime", "functions", "state", "lab")}|${npm("amqplib", "ioredis")}`,
    }),
    rule("lab-knows-only-domain", "a simulator that shares code with what it stands in for proves nothing", code("^lab/"), {
      path: inside("events", "functions", "state", "runtime", "services", "cli", "console"),
    }),
    rule("only-the-start-imports-lab", "no simulator in a deployment", code("^(?!lab/|test/|load/)", ["^services/start\\.ts$"]), {
      path: "^lab/",
    }),
    rule("console-knows-only-schemas", "the page is a client like any other", code("^console/"), {
      path: `${inside("domain", "functions", "runtime", "services", "state", "cli", "lab")}|^events/(?!schemas/)`,
    }),
    rule("nothing-imports-these", "they look at the product, not the other way round", code(product), {
      path: inside("scripts", "test", "load", "console"),
    }),
    rule("nothing-imports-a-test", "", { path: "", pathNot: "^test/" }, { path: "\\.test\\.ts$" }),
    rule("no-devdependency-in-the-product", "it is not there where the product runs", code(`${product}|^lab/`), {
      dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"],
      dependencyTypesNot: ["type-only"],
    }),
    rule("no-unresolved", "", {}, { couldNotResolve: true }),
    rule("no-cycles", "", {}, { circular: true }),
    rule(
      "no-orphans",
      "nobody imports it and it imports nobody: dead, or misnamed",
      { orphan: true, path: product, pathNot: "\\.(test|d)\\.ts$" },
      {},
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: {
      extensions: [".ts", ".js"],
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
    },
  },
};
