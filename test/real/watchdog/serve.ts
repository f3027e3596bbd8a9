import { z } from "zod";
import { hostOverHttp } from "../../../runtime/host/http.ts";
import { openSink } from "../../../runtime/host/sink.ts";
import { openLog } from "../../../runtime/log.ts";
import { openMetrics } from "../../../runtime/metrics.ts";
import { functions } from "../matrix/functions.ts";
import { openNotes } from "../../conformance/hosts-functions.ts";

// node test/real/watchdog/serve.ts NAME: one of the functions of the matrix as the program of an image, over HTTP on PORT.
const { PORT, HOST, K_SINK } = z.object({ PORT: z.coerce.number(), HOST: z.string(), K_SINK: z.url() }).parse(process.env);
const fn = functions.find(({ name }) => name === process.argv[2]);
if (fn === undefined) throw new Error(`there is no function ${String(process.argv[2])}`);
const hosting = { fn, backing: openNotes(), log: openLog("error"), metrics: openMetrics(), sink: openSink(K_SINK) };
const host = await hostOverHttp(hosting, { host: HOST, port: PORT });
process.once("SIGTERM", () => void host.close());
