import { functions } from "../../functions/index.ts";
import { serve } from "../../scripts/build/hosting.ts";

/** One function as its bundle is, from the sources: `node test/support/function-program.ts exec-tfs`. */
const fn = functions.find(({ name }) => name === process.argv[2]);
if (fn === undefined) throw new Error(`there is no function ${String(process.argv[2])}`);
await serve(fn);
