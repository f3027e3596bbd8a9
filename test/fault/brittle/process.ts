import { openAmqp } from "../../../runtime/broker/amqp.ts";
import { hostOverHttp } from "../../../runtime/host/http.ts";
import { hostLocally } from "../../../runtime/host/local.ts";
import { openLog } from "../../../runtime/log.ts";
import { openMetrics } from "../../../runtime/metrics.ts";
import { brittle } from "./function.ts";

const log = openLog("error");
const parts = { backing: undefined, log, metrics: openMetrics() };
const [, , way, port] = process.argv;

if (way === "http") await hostOverHttp({ fn: brittle, ...parts }, { host: "127.0.0.1", port: Number(port) });
else await hostLocally({ functions: [brittle], broker: await openAmqp({ url: process.env["AMQP_URL"] ?? "", log }), ...parts });
