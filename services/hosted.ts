import type { Config } from "../runtime/config.ts";

/** Which functions run in a process, or are carried by a bridge: those that FUNCTIONS names, or all. */
export function hostedBy<F extends { readonly name: string }>(
  { FUNCTIONS }: Pick<Config, "FUNCTIONS">,
  functions: readonly F[],
): readonly F[] {
  if (FUNCTIONS === undefined) return functions;
  if (FUNCTIONS.length === 1 && FUNCTIONS[0] === "none") return [];
  const unknown = FUNCTIONS.filter((name) => !functions.some((fn) => fn.name === name));
  if (unknown.length > 0) throw new Error(`FUNCTIONS: there is no function ${unknown.join(", ")}`);
  return functions.filter(({ name }) => FUNCTIONS.includes(name));
}
