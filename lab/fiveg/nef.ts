import { isDeepStrictEqual } from "node:util";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { z } from "zod";
import { type Answer, type HttpGate, jsonBody, type Operation } from "../http-gate.ts";
import type { Ledger } from "../ledger.ts";
import type { Access } from "./access.ts";
import { AsSessionWithQos, IpAddrs, isObject, megabits, merged, patchableNames } from "./messages.ts";

const operation = (name: string, mutating: boolean): Operation => ({ name: `subscriptions.${name}`, mutating });

export interface NefOptions {
  /** The core has sessions of these addresses, and of no others. A SUPI means nothing here: an AF is not told any. */
  readonly isUe: (address: string) => boolean;
  readonly profiles: readonly string[];
  /** More is not guaranteed to one flow. */
  readonly maxMbps: number;
  /** Cores before Rel-16 can only be PUT to. */
  readonly patch: boolean;
}

export interface NefStore {
  /** Tells whoever subscribed, of every subscription; resolves to the statuses of the answers. */
  notify(eventReports: readonly object[]): Promise<readonly number[]>;
  reset(): void;
}

interface Stored {
  readonly scsAsId: string;
  readonly id: string;
  readonly subscription: AsSessionWithQos;
}

type Ask = (request: FastifyRequest) => Answer;

/** 3GPP TS 29.122 5.14 with its status codes and problem details. */
export function mountNef(app: FastifyInstance, gate: HttpGate, ledger: Ledger, access: Access, options: NefOptions): NefStore {
  const stored = new Map<string, Stored>();
  let lastId = 0;

  const path = "/3gpp-as-session-with-qos/v1/:scsAsId/subscriptions";
  const selfOf = (request: FastifyRequest, { scsAsId, id }: Stored): string =>
    `${request.protocol}://${request.host}/3gpp-as-session-with-qos/v1/${encodeURIComponent(scsAsId)}/subscriptions/${id}`;
  const shown = (request: FastifyRequest, one: Stored): object => ({ self: selfOf(request, one), ...one.subscription });
  const find = (request: FastifyRequest): Stored | undefined => {
    const { scsAsId, id = "" } = request.params as { scsAsId: string; id?: string };
    const one = stored.get(id);
    return one?.scsAsId === scsAsId ? one : undefined;
  };

  /** The subscription, or why there can be none. */
  function judged(body: unknown): AsSessionWithQos | Answer {
    const read = AsSessionWithQos.safeParse(body);
    if (!read.success) return malformed(read.error);
    const { ueIpv4Addr, qosReference, tscQosReq } = read.data;
    if (ueIpv4Addr === undefined) return problem(400, "MANDATORY_IE_MISSING", "the flow's UE is not told");
    if (!options.isUe(ueIpv4Addr)) return problem(404, "CONTEXT_NOT_FOUND", "no PDU session has this address");
    if (qosReference !== undefined && !options.profiles.includes(qosReference))
      return problem(403, "REQUESTED_SERVICE_NOT_AUTHORIZED", `no QoS reference ${qosReference}`);
    if (Math.max(megabits(tscQosReq?.reqGbrUl), megabits(tscQosReq?.reqGbrDl)) > options.maxMbps) {
      const acceptableServInfo = { maxBwUl: `${String(options.maxMbps)} Mbps`, maxBwDl: `${String(options.maxMbps)} Mbps` };
      return problem(403, "REQUESTED_SERVICE_NOT_AUTHORIZED", "more than is guaranteed to one flow", { acceptableServInfo });
    }
    return read.data;
  }

  function put(one: Stored, subscription: AsSessionWithQos): Stored {
    const changed = { ...one, subscription };
    stored.set(one.id, changed);
    if (!isDeepStrictEqual(one.subscription, subscription)) ledger.enter("nef", "changed", `subscription/${one.id}`);
    return changed;
  }

  const create: Ask = (request) => {
    if (!isOf(request, "application/json")) return unsupported("application/json");
    const subscription = judged(jsonBody(request));
    if (isAnswer(subscription)) return subscription;
    lastId += 1;
    const { scsAsId } = request.params as { scsAsId: string };
    const one = { scsAsId, id: `s${String(lastId)}`, subscription };
    stored.set(one.id, one);
    ledger.enter("nef", "created", `subscription/${one.id}`);
    return { status: 201, body: shown(request, one), headers: { location: selfOf(request, one) } };
  };

  const list: Ask = (request) => {
    const { "ip-addrs": asked } = request.query as { "ip-addrs"?: string };
    const wanted = asked === undefined ? undefined : IpAddrs.safeParse(parseJson(asked));
    if (wanted?.success === false) return problem(400, "INVALID_QUERY_PARAM", "ip-addrs is no array of IpAddr");
    const { scsAsId } = request.params as { scsAsId: string };
    const all = [...stored.values()].filter((one) => one.scsAsId === scsAsId);
    const matching = all.filter(({ subscription }) => wanted?.data.some((a) => a.ipv4Addr === subscription.ueIpv4Addr) ?? true);
    return { status: 200, body: matching.map((one) => shown(request, one)) };
  };

  const read: Ask = (request) => {
    const one = find(request);
    return one === undefined ? unknown : { status: 200, body: shown(request, one) };
  };

  const replace: Ask = (request) => {
    if (!isOf(request, "application/json")) return unsupported("application/json");
    const one = find(request);
    if (one === undefined) return unknown;
    const subscription = judged(jsonBody(request));
    return isAnswer(subscription) ? subscription : { status: 200, body: shown(request, put(one, subscription)) };
  };

  const patch: Ask = (request) => {
    if (!options.patch) return { ...problem(405, "METHOD_NOT_ALLOWED", "PUT is served"), headers: { allow: "GET, PUT, DELETE" } };
    if (!isOf(request, "application/merge-patch+json")) return unsupported("application/merge-patch+json");
    const one = find(request);
    if (one === undefined) return unknown;
    const body = jsonBody(request);
    if (!isObject(body)) return problem(400, "INVALID_MSG_FORMAT", "no object");
    const fixed = Object.keys(body).find((name) => !patchableNames.has(name));
    if (fixed !== undefined) return problem(400, "UNSPECIFIED_MSG_FAILURE", "not to be patched", { invalidParams: [{ param: fixed }] });
    const subscription = judged(merged(one.subscription, body));
    return isAnswer(subscription) ? subscription : { status: 200, body: shown(request, put(one, subscription)) };
  };

  const remove: Ask = (request) => {
    const one = find(request);
    if (one === undefined) return unknown;
    stored.delete(one.id);
    ledger.enter("nef", "removed", `subscription/${one.id}`);
    // What was monitored is reported on one last time.
    if (one.subscription.qosMonInfo === undefined) return { status: 204 };
    const eventReports = [{ event: "SESSION_TERMINATION", flowIds: one.subscription.flowInfo?.map((f) => f.flowId) }];
    return { status: 200, body: { transaction: selfOf(request, one), eventReports } };
  };

  const routes: readonly (readonly ["GET" | "POST" | "PUT" | "PATCH" | "DELETE", string, Operation, Ask])[] = [
    ["POST", path, operation("create", true), create],
    ["GET", path, operation("list", false), list],
    ["GET", `${path}/:id`, operation("get", false), read],
    ["PUT", `${path}/:id`, operation("replace", true), replace],
    ["PATCH", `${path}/:id`, operation("patch", true), patch],
    ["DELETE", `${path}/:id`, operation("delete", true), remove],
  ];
  for (const [method, url, asked, act] of routes)
    app.route({
      method,
      url,
      handler: (request, reply) => gate(request, reply, asked, () => (access.isAllowed(request) ? act(request) : unauthorized)),
    });
  const post = async (one: Stored, eventReports: readonly object[]): Promise<number> => {
    const transaction = `/3gpp-as-session-with-qos/v1/${one.scsAsId}/subscriptions/${one.id}`;
    const body = JSON.stringify({ transaction, eventReports });
    const headers = { "content-type": "application/json" };
    const answer = await fetch(one.subscription.notificationDestination, {
      method: "POST",
      headers,
      body,
      signal: AbortSignal.timeout(5_000),
    });
    return answer.status;
  };
  /** Every core measures a flow that it is asked to, as often as it is asked to; here, what it measures is made up from the clock. */
  const measure = (): void => {
    second += 1;
    for (const one of stored.values()) {
      const { qosMonInfo, usageThreshold } = one.subscription;
      if (qosMonInfo?.repPeriod === undefined || second % Math.max(1, qosMonInfo.repPeriod) !== 0) continue;
      const delay = 8 + (second % 5);
      const reports: object[] = [
        { event: "QOS_MONITORING", flowIds: [1], qosMonReports: [{ ulDelays: [delay], dlDelays: [delay - 2], rtDelays: [2 * delay - 2] }] },
      ];
      if (usageThreshold?.duration !== undefined)
        reports.push({
          event: "USAGE_REPORT",
          accumulatedUsage: {
            duration: usageThreshold.duration,
            totalVolume: 1_500 * second,
            downlinkVolume: 900 * second,
            uplinkVolume: 600 * second,
          },
        });
      post(one, reports).catch(() => undefined);
    }
  };
  let second = 0;
  const clock = setInterval(measure, 1_000);
  clock.unref();
  app.addHook("onClose", () => clearInterval(clock));

  return {
    notify: (eventReports) => Promise.all([...stored.values()].map((one) => post(one, eventReports))),
    reset() {
      stored.clear();
      lastId = 0;
    },
  };
}

function problem(status: number, cause: string, detail: string, more: object = {}): Answer {
  return {
    status,
    type: "application/problem+json",
    body: { title: cause.toLowerCase().replaceAll("_", " "), status, detail, cause, ...more },
  };
}

const unknown = problem(404, "SUBSCRIPTION_NOT_FOUND", "there is no such subscription");
const unauthorized: Answer = { ...problem(401, "UNAUTHORIZED", "no token, or a stale one"), headers: { "www-authenticate": "Bearer" } };
const unsupported = (type: string): Answer => problem(415, "UNSUPPORTED_MEDIA_TYPE", `expected ${type}`);

function malformed(error: z.ZodError): Answer {
  const invalidParams = error.issues.map(({ path, message, ...issue }) => ({
    param: [...path, ...("keys" in issue && Array.isArray(issue.keys) ? issue.keys : [])].map(String).join("/"),
    reason: message,
  }));
  return problem(400, "OPTIONAL_IE_INCORRECT", "the body breaks its schema", { invalidParams });
}

const isAnswer = (value: AsSessionWithQos | Answer): value is Answer => "status" in value;

const isOf = (request: FastifyRequest, type: string): boolean =>
  (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() === type;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
