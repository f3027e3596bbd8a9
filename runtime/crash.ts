/** Called with `<function>:<step>` at every step boundary. */
export type Crash = (step: string) => void;

/**
 * For crash tests: ends the process where `at` says, `<function>:<step>` or `<step>` in any function, with the one signal that nothing can
 * clean up after; `#2` at its end means the second time there. Without `at` there is no switch at all.
 */
export function crashAt(at: string | undefined): Crash | undefined {
  if (at === undefined) return undefined;
  const [place = at, nth = "1"] = at.split("#");
  let left = Number(nth);
  return (step) => {
    if (step !== place && !step.endsWith(`:${place}`)) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, "SIGKILL");
  };
}
