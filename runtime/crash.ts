/** Called with `<function>:<step>` at every step boundary. */
export type Crash = (step: string) => void;

/**
 * For crash tests: ends the process where `at` says, `<function>:<step>` or `<step>` in any function, with the one signal that nothing can
 * clean up after. Without `at` there is no switch at all.
 */
export function crashAt(at: string | undefined): Crash | undefined {
  if (at === undefined) return undefined;
  return (step) => {
    if (step === at || step.endsWith(`:${at}`)) process.kill(process.pid, "SIGKILL");
  };
}
