import { buffer } from "node:stream/consumers";
import { run } from "./run.ts";

// Who reads us may stop reading (`underlay watch | head`): that is an end and not a failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

process.exitCode = await run(process.argv.slice(2), {
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: () => buffer(process.stdin),
  interrupted() {
    const ended = new AbortController();
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => ended.abort());
    return ended.signal;
  },
});
