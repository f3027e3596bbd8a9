import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { startLab } from "./lab.ts";

const milliseconds = z.coerce.number().int().nonnegative();
const Options = z.strictObject({
  "controllers-file": z.string().min(1).optional(),
  "delay-ms": milliseconds.default(0),
  "activate-after-ms": milliseconds.default(0),
});

const usage = "node lab/main.ts [--controllers-file FILE] [--delay-ms N] [--activate-after-ms N]";

/** The simulators in a process of their own, until it is told to stop. */
async function main(args: readonly string[]): Promise<void> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...args],
    options: { "controllers-file": text, "delay-ms": text, "activate-after-ms": text },
  });
  const options = Options.parse(values);
  const lab = await startLab({
    delayMs: options["delay-ms"],
    tfs: { activateAfterMs: options["activate-after-ms"] },
    kubernetes: { isAlive: true },
  });

  const stopped = new Promise<void>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  });
  const file = options["controllers-file"];
  if (file !== undefined) await writeFile(file, `${JSON.stringify(lab.controllers, undefined, 2)}\n`);
  const line = {
    simulator: true,
    notice: "TeraFlowSDN, L2S-M and the clusters here are simulators.",
    control: lab.controlAddress.origin,
    controllers: lab.controllers,
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  await stopped;
  await lab.close();
}

try {
  await main(process.argv.slice(2));
} catch (cause) {
  process.stderr.write(`${cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause)}\n${usage}\n`);
  process.exitCode = 2;
}
