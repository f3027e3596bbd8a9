import { stringify } from "yaml";
import type { HostedFunction } from "../../runtime/function.ts";
import { BANNER, type Generator, readFunctions } from "./files.ts";
import { needsOf } from "./needs.ts";

/** OpenFaaS CE runs five replicas of a function at most. */
const REPLICAS = { "com.openfaas.scale.min": "1", "com.openfaas.scale.max": "5" };

/** What a function may need, the variable that names its file, and the secret that holds it. */
const SECRETS = [
  { need: "sealKey", variable: "SEAL_KEY_FILE", secret: "seal-key" },
  { need: "controllers", variable: "CONTROLLERS_FILE", secret: "controllers" },
] as const;

const secretsOf = (fn: HostedFunction<unknown>): readonly (typeof SECRETS)[number][] => {
  const needs = needsOf(fn);
  return SECRETS.filter(({ need }) => needs.has(need));
};

/** The cron-connector has no field for seconds; it has `@every`. */
function scheduleOf(every: string): string {
  if (every.split(" ").length === 5) return every;
  const seconds = /^\*\/(\d+)(?: \*){5}$/.exec(every)?.[1];
  if (seconds === undefined) throw new Error(`OpenFaaS has no schedule for ${every}`);
  return `@every ${seconds}s`;
}

/** OpenFaaS' stack file. What a Pro installation adds (retries, queues, scaling to zero) is an overlay's business. */
export const stack: Generator = async (root) => {
  const functions = (await readFunctions(root)).filter(({ isDebugAid }) => isDebugAid !== true);
  const document = {
    version: "1.0",
    provider: { name: "openfaas", gateway: "${OPENFAAS_URL:-http://127.0.0.1:8080}" },
    functions: Object.fromEntries(
      functions.map((fn) => [
        fn.name,
        {
          image: "${IMAGE:-underlay}:${TAG:-dev}",
          skip_build: true,
          environment: {
            FUNCTION: fn.name,
            HOST: "0.0.0.0",
            RAW_BODY: "true", // for the official templates, which eat a structured event otherwise
            REDIS_URL: "${REDIS_URL}", // empty unless set; `:-` with nothing after it is a fault to drone/envsubst 1.0.2, which older faas-cli have
            K_SINK: "${SINK_URL:-http://bridge.nemo-net}", // the cron-connector, and a person with curl, publish no answer
            ...Object.fromEntries(secretsOf(fn).map(({ variable, secret }) => [variable, `/var/openfaas/secrets/${secret}`])),
          },
          labels: REPLICAS,
          ...(fn.every === undefined ? {} : { annotations: { topic: "cron-function", schedule: scheduleOf(fn.every) } }),
          ...(secretsOf(fn).length === 0 ? {} : { secrets: secretsOf(fn).map(({ secret }) => secret) }),
          readonly_root_filesystem: true,
        },
      ]),
    ),
  };
  const text = stringify(document, { lineWidth: 0, aliasDuplicateObjects: false, defaultStringType: "PLAIN", defaultKeyType: "PLAIN" });
  return new Map([["stack.yml", `# ${BANNER}\n${text}`]]);
};
