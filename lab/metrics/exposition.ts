import { BOUNDS, type Counters } from "./traffic.ts";

/** One family in the Prometheus text format 0.0.4. */
export function family(name: string, type: "counter" | "gauge" | "histogram", help: string, lines: readonly string[]): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.map((line) => `${line}\n`).join("")}`;
}

export const line = (name: string, labels: Readonly<Record<string, string>>, value: number, atMs?: number): string =>
  `${name}{${Object.entries(labels)
    .map(([label, text]) => `${label}="${text.replaceAll(/[\\"\n]/g, (c) => (c === "\n" ? "\\n" : `\\${c}`))}"`)
    .join(",")}} ${String(value)}${atMs === undefined ? "" : ` ${String(atMs)}`}`;

const target = (port: number) => ({
  direction: "inbound",
  target_addr: `0.0.0.0:${String(port)}`,
  target_ip: "0.0.0.0",
  target_port: String(port),
  tls: "no_identity",
  no_tls_reason: "no_tls_from_remote",
  srv_kind: "default",
  srv_name: "all-unauthenticated",
});

/** As linkerd2-proxy writes it, with the requests for the metrics themselves among the inbound ones. */
export function proxyText(
  counters: Counters,
  { startedAtMs, scrapes }: { readonly startedAtMs: number; readonly scrapes: number },
): string {
  const served = target(8080);
  const admin = target(4191);
  const byCode = [...counters.responses].filter(([, n]) => n > 0);
  const statusOf = (code: string) => (code === "none" ? {} : { status_code: code });
  const classOf = (code: string) => ({ classification: code === "none" || code.startsWith("5") ? "failure" : "success" });
  const outbound = [...counters.called].flatMap(([to, responses]) => {
    const [namespace = "", deployment = ""] = to.split("/");
    const labels = { direction: "outbound", tls: "true", dst_deployment: deployment, dst_namespace: namespace };
    return [...responses].map(([code, n]) => line("response_total", { ...labels, ...statusOf(code), ...classOf(code) }, n));
  });
  const histogram = [...counters.latency].flatMap(([code, counts]) => {
    let below = 0;
    const labels = { ...served, ...statusOf(code) };
    const buckets = [...BOUNDS.map(String), "+Inf"].map((le, i) => {
      below += counts[i] ?? 0;
      return line("response_latency_ms_bucket", { ...labels, le }, below);
    });
    return [...buckets, line("response_latency_ms_count", labels, below)];
  });
  const tcp = (name: string, value: number) => [
    line(name, { ...served, peer: "src" }, value),
    line(name, { ...served, peer: "dst" }, value),
  ];
  return [
    family("process_start_time_seconds", "gauge", "Time that the process started (in seconds since the UNIX epoch)", [
      `process_start_time_seconds ${String(Math.floor(startedAtMs / 1000))}`,
    ]),
    family("request_total", "counter", "Total count of HTTP requests.", [
      line("request_total", served, counters.requests),
      line("request_total", admin, scrapes),
    ]),
    family("response_total", "counter", "Total count of HTTP responses.", [
      ...byCode.map(([code, n]) => line("response_total", { ...served, ...statusOf(code), ...classOf(code) }, n)),
      ...outbound,
      line("response_total", { ...admin, status_code: "200", classification: "success" }, Math.max(0, scrapes - 1)),
    ]),
    family(
      "response_latency_ms",
      "histogram",
      "Elapsed times between a request's headers being received and its response stream completing",
      histogram,
    ),
    family("tcp_open_connections", "gauge", "Number of currently-open connections.", tcp("tcp_open_connections", counters.openConnections)),
    family("tcp_read_bytes_total", "counter", "Total number of bytes read from peers", tcp("tcp_read_bytes_total", counters.readBytes)),
    family("tcp_write_bytes_total", "counter", "Total number of bytes written to peers", tcp("tcp_write_bytes_total", counters.writeBytes)),
  ].join("");
}
