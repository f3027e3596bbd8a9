import { type Dispatcher, request } from "undici";
import { ok, type Outcome, refuse } from "../../domain/outcome.ts";
import type { ClusterMessage } from "./messages.ts";

export type ClusterCall = (
  cluster: ClusterMessage,
  method: "GET" | "POST" | "DELETE",
  path: string,
  body?: object,
) => Promise<Outcome<void, "CLUSTER_ERROR">>;

/** Where a cluster that a request calls `https://172.18.0.3:6443` is really reached. */
export type ClusterAddresses = ReadonlyMap<string, URL>;

/** One call to a cluster's API with the credentials that came in the request. The refusal's reason is what client-go would say. */
export function openClusterCalls(dispatcher: Dispatcher, addresses: ClusterAddresses): ClusterCall {
  return async ({ rest_config }, method, path, body) => {
    if (rest_config === null) throw new Error("checked before: the real server dies of it");
    const { api_key, bearer_token } = rest_config;
    const address = URL.canParse(api_key) ? addresses.get(new URL(api_key).origin) : undefined;
    if (address === undefined)
      return refuse("CLUSTER_ERROR", `${verbOf(method)} "${api_key}${path}": dial tcp: connect: connection refused`);
    const headers = { authorization: `Bearer ${bearer_token}`, "content-type": "application/json" };
    try {
      const options = { dispatcher, method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
      const response = await request(new URL(path, address), options);
      const text = await response.body.text();
      return response.statusCode < 300 ? ok(undefined) : refuse("CLUSTER_ERROR", messageIn(text));
    } catch {
      return refuse("CLUSTER_ERROR", `${verbOf(method)} "${api_key}${path}": EOF`);
    }
  };
}

const verbOf = (method: string): string => method.charAt(0) + method.slice(1).toLowerCase();

/** client-go turns the `Status` of a refusal into its message, and anything else into a sentence of its own. */
function messageIn(text: string): string {
  try {
    const status: unknown = JSON.parse(text);
    if (typeof status === "object" && status !== null && "message" in status) return String(status.message);
  } catch {
    // no Status: falls through
  }
  return "an error on the server has prevented the request from succeeding";
}
