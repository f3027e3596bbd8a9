import { parse, stringify } from "yaml";
import { BANNER, type Generator, readFunctions } from "./files.ts";
import { stack } from "./stack.ts";

interface Stack {
  readonly functions: Readonly<Record<string, { readonly labels: object; readonly annotations?: object }>>;
}

/**
 * The stack file with what a Pro installation understands and CE refuses: scaling by load and to zero, retries, and readiness.
 * A file of its own, whole, because faas-cli has no overlays.
 */
export const stackPro: Generator = async (root) => {
  const base = parse((await stack(root)).get("stack.yml") ?? "") as Stack;
  const manifests = new Map((await readFunctions(root)).map((fn) => [fn.name, fn]));
  const functions = Object.fromEntries(
    Object.entries(base.functions).map(([name, fn]) => {
      const isOneAtATime = manifests.get(name)?.concurrency === 1;
      const labels = {
        ...fn.labels,
        "com.openfaas.scale.max": isOneAtATime ? "1" : "20",
        "com.openfaas.scale.type": "capacity",
        "com.openfaas.scale.target": String(manifests.get(name)?.concurrency ?? 10),
        "com.openfaas.scale.zero": "true",
        "com.openfaas.scale.zero-duration": "15m",
      };
      const annotations = {
        ...fn.annotations,
        "com.openfaas.retry.attempts": "8",
        "com.openfaas.retry.codes": "404,408,409,429,500,502,503,504",
        "com.openfaas.retry.min_wait": "1s",
        "com.openfaas.retry.max_wait": "60s",
        "com.openfaas.ready.http.path": "/_/ready",
        "com.openfaas.health.http.path": "/_/health",
      };
      return [name, { ...fn, labels, annotations }];
    }),
  );
  const text = stringify(
    { ...base, functions },
    { lineWidth: 0, aliasDuplicateObjects: false, defaultStringType: "PLAIN", defaultKeyType: "PLAIN" },
  );
  return new Map([["deploy/openfaas/stack.pro.yml", `# ${BANNER}\n# faas-cli deploy -f deploy/openfaas/stack.pro.yml\n${text}`]]);
};
