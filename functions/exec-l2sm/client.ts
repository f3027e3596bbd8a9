import { Metadata, status } from "@grpc/grpc-js";
import { ok, type Outcome, refuse } from "../../domain/outcome.ts";
import { TransientError } from "../../runtime/errors.ts";
import type { Channel } from "./connections.ts";
import { type Method, type NetworkRequest, type ProtoPackage, protoPackages, type Requests, type SliceRequest } from "./proto.ts";

const DEADLINE_MS = 10_000;

/** What the server did not get round to, or what may have been cut off on the way back. */
const mayPass: ReadonlySet<number> = new Set([
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.RESOURCE_EXHAUSTED,
  status.ABORTED,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

/** L2S-M's multi-domain server for the time of one event. A refusal carries the server's words, without any token. */
export interface L2smClient {
  createNetwork(request: NetworkRequest): Promise<Outcome<void, "L2SM_REFUSED">>;
  deleteNetwork(request: NetworkRequest): Promise<Outcome<void, "L2SM_REFUSED">>;
  /**
   * Connects clusters by an overlay, which the server always names `overlay-sample`: one a namespace, and none is ever deleted by it.
   * No order asks for it yet.
   */
  createSlice(request: SliceRequest): Promise<Outcome<void, "L2SM_REFUSED">>;
}

interface Answer {
  readonly code: number;
  readonly text: string;
}

export function l2smClient(channel: Channel, host: string, signal: AbortSignal): L2smClient {
  /** Code 12 is the wrong package as well as a method that is missing, so only the methods that every server has tell the package. */
  async function call<M extends Method>(method: M, request: Requests[M], tells: boolean): Promise<Answer> {
    const first = channel.speaks ?? protoPackages[0];
    const other = protoPackages.find((pkg) => pkg !== first) ?? first;
    for (const pkg of [first, other]) {
      const answer = await unary(channel, pkg, method, request, signal);
      if (answer.code === status.UNIMPLEMENTED) continue;
      if (tells && !mayPass.has(answer.code)) channel.speaks = pkg;
      return answer;
    }
    return { code: status.UNIMPLEMENTED, text: `it has ${method} under neither ${protoPackages.join(" nor ")}` };
  }

  async function asked<M extends Method>(
    method: M,
    request: Requests[M],
    tokens: readonly string[],
    tells: boolean,
  ): Promise<Outcome<void, "L2SM_REFUSED">> {
    const { code, text } = await call(method, request, tells);
    if (code === status.OK) return ok(undefined);
    const said = withoutTokens(text, tokens);
    if (!mayPass.has(code)) return refuse("L2SM_REFUSED", `L2S-M at ${host} refused ${method} with code ${String(code)}: ${said}`);
    const cause = new Error(`code ${String(code)}: ${said}`);
    throw new TransientError("L2SM_UNREACHABLE", unreachable(host, code, signal), { cause });
  }

  return {
    createNetwork: (request) => asked("CreateNetwork", request, tokensIn(request.network.clusters), true),
    deleteNetwork: (request) => asked("DeleteNetwork", request, tokensIn(request.network.clusters), true),
    createSlice: (request) => asked("CreateSlice", request, tokensIn(request.slice.clusters), false),
  };
}

function unreachable(host: string, code: number, signal: AbortSignal): string {
  if (signal.aborted) return `the time for the order was up before L2S-M at ${host} answered`;
  if (code === status.DEADLINE_EXCEEDED) return `L2S-M at ${host} did not answer within ${String(DEADLINE_MS / 1000)} s`;
  return `no answer from ${host}: check that L2S-M's multi-domain server runs there and that its controller entry names the right host and port`;
}

function unary<M extends Method>(
  { client, codecs }: Channel,
  pkg: ProtoPackage,
  method: M,
  request: Requests[M],
  signal: AbortSignal,
): Promise<Answer> {
  const { requestSerialize, responseDeserialize } = codecs[method];
  const path = `/${pkg}.L2SMMultiDomainService/${method}`;
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const options = { deadline: Date.now() + DEADLINE_MS };
  const call = client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, new Metadata(), options, (error, reply) => {
    signal.removeEventListener("abort", cancel);
    resolve(error === null ? { code: status.OK, text: reply?.message ?? "" } : { code: error.code, text: error.details });
  });
  const cancel = (): void => call.cancel();
  if (signal.aborted) cancel();
  else signal.addEventListener("abort", cancel, { once: true });
  return promise;
}

const tokensIn = (clusters: NetworkRequest["network"]["clusters"]): readonly string[] =>
  clusters.map(({ rest_config }) => rest_config.bearer_token);

/** The server quotes what its Kubernetes client says, and that may quote a request. */
function withoutTokens(text: string, tokens: readonly string[]): string {
  let clean = text;
  for (const token of tokens) if (token !== "") clean = clean.replaceAll(token, "[redacted]");
  return clean.replaceAll(/\bBearer\s+\S+/gi, "Bearer [redacted]").slice(0, 600);
}
