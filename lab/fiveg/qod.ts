import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { type Answer, type HttpGate, jsonBody, type Operation } from "../http-gate.ts";
import type { Ledger } from "../ledger.ts";
import type { Access } from "./access.ts";

const operation = (name: string, mutating: boolean): Operation => ({ name: `sessions.${name}`, mutating });
const port = z.int().min(0).max(65_535);

const Device = z.strictObject({
  phoneNumber: z
    .string()
    .regex(/^\+[1-9][0-9]{4,14}$/)
    .optional(),
  ipv4Address: z
    .strictObject({ publicAddress: z.ipv4(), privateAddress: z.ipv4().optional(), publicPort: port.optional() })
    .refine((a) => a.privateAddress !== undefined || a.publicPort !== undefined, "needs privateAddress or publicPort")
    .optional(),
});

const CreateSession = z.strictObject({
  device: Device.optional(),
  applicationServer: z.strictObject({ ipv4Address: z.union([z.ipv4(), z.cidrv4()]).optional(), ipv6Address: z.string().optional() }),
  applicationServerPorts: z
    .strictObject({
      ranges: z
        .array(z.strictObject({ from: port, to: port }))
        .min(1)
        .optional(),
      ports: z.array(port).min(1).optional(),
    })
    .optional(),
  qosProfile: z
    .string()
    .min(3)
    .max(256)
    .regex(/^[a-zA-Z0-9_.-]+$/),
  duration: z.int().min(1),
  sink: z
    .string()
    .regex(/^https:\/\/.+/)
    .optional(),
});
const Extend = z.strictObject({ requestedAdditionalDuration: z.int().min(1) });
const Retrieve = z.strictObject({ device: Device.optional() });

export interface QodOptions {
  readonly isUe: (address: string) => boolean;
  readonly profiles: readonly string[];
  /** How long a session stays REQUESTED. */
  readonly availableAfterMs: number;
  readonly now: () => number;
}

interface Session {
  readonly sessionId: string;
  readonly asked: z.infer<typeof CreateSession>;
  readonly availableAtMs: number;
  duration: number;
}

export interface QodStore {
  /** Ends every session as the network may: it is shown for a while, and holds no more. */
  terminate(): void;
  reset(): void;
}

type Ask = (request: FastifyRequest) => Answer;

/** CAMARA Quality on Demand 1.x with a two-legged token: the device is told in every request that needs one. */
export function mountQod(app: FastifyInstance, gate: HttpGate, ledger: Ledger, access: Access, options: QodOptions): QodStore {
  const sessions = new Map<string, Session>();
  const ended = new Set<string>();
  let lastId = 0;

  const statusOf = (session: Session) =>
    ended.has(session.sessionId) ? "UNAVAILABLE" : options.now() < session.availableAtMs ? "REQUESTED" : "AVAILABLE";
  const shown = (session: Session): object => {
    const { sessionId, asked, availableAtMs, duration } = session;
    const qosStatus = statusOf(session);
    const started = new Date(availableAtMs);
    const times = { startedAt: started.toISOString(), expiresAt: new Date(availableAtMs + duration * 1000).toISOString() };
    return {
      ...asked,
      sessionId,
      duration,
      qosStatus,
      ...(qosStatus === "REQUESTED" ? {} : times),
      ...(qosStatus === "UNAVAILABLE" ? { statusInfo: "NETWORK_TERMINATED" } : {}),
    };
  };
  const find = (request: FastifyRequest): Session | undefined => sessions.get((request.params as { id: string }).id);
  const identified = (device: z.infer<typeof Device> | undefined): Answer | undefined => {
    if (device === undefined) return said(422, "MISSING_IDENTIFIER", "the device is not told");
    const address = device.ipv4Address?.publicAddress;
    return address !== undefined && options.isUe(address) ? undefined : said(404, "IDENTIFIER_NOT_FOUND", "no such device");
  };

  const create: Ask = (request) => {
    const read = CreateSession.safeParse(jsonBody(request));
    if (!read.success) {
      const isSink = read.error.issues.some((issue) => issue.path[0] === "sink");
      return said(400, isSink ? "INVALID_SINK" : "INVALID_ARGUMENT", z.prettifyError(read.error));
    }
    const stranger = identified(read.data.device);
    if (stranger !== undefined) return stranger;
    if (!options.profiles.includes(read.data.qosProfile))
      return said(422, "QUALITY_ON_DEMAND.QOS_PROFILE_NOT_APPLICABLE", `no profile ${read.data.qosProfile}`);
    lastId += 1;
    const sessionId = `3fa85f64-5717-4562-b3fc-${String(lastId).padStart(12, "0")}`;
    const session = { sessionId, asked: read.data, availableAtMs: options.now() + options.availableAfterMs, duration: read.data.duration };
    sessions.set(sessionId, session);
    ledger.enter("nef", "created", `session/${sessionId}`);
    return { status: 201, body: shown(session), headers: { location: `/quality-on-demand/v1/sessions/${sessionId}` } };
  };

  const retrieve: Ask = (request) => {
    const read = Retrieve.safeParse(jsonBody(request));
    if (!read.success) return said(400, "INVALID_ARGUMENT", z.prettifyError(read.error));
    const stranger = identified(read.data.device);
    if (stranger !== undefined) return stranger;
    const address = read.data.device?.ipv4Address?.publicAddress;
    const own = [...sessions.values()].filter(({ asked }) => asked.device?.ipv4Address?.publicAddress === address);
    return { status: 200, body: own.map(shown) };
  };

  const read: Ask = (request) => {
    const session = find(request);
    return session === undefined ? unknown : { status: 200, body: shown(session) };
  };

  const extend: Ask = (request) => {
    const session = find(request);
    if (session === undefined) return unknown;
    const asked = Extend.safeParse(jsonBody(request));
    if (!asked.success) return said(400, "INVALID_ARGUMENT", z.prettifyError(asked.error));
    if (statusOf(session) !== "AVAILABLE")
      return said(409, "QUALITY_ON_DEMAND.SESSION_EXTENSION_NOT_ALLOWED", "only a session that is AVAILABLE is extended");
    session.duration += asked.data.requestedAdditionalDuration;
    ledger.enter("nef", "changed", `session/${session.sessionId}`);
    return { status: 200, body: shown(session) };
  };

  const remove: Ask = (request) => {
    const session = find(request);
    if (session === undefined) return unknown;
    sessions.delete(session.sessionId);
    if (!ended.delete(session.sessionId)) ledger.enter("nef", "removed", `session/${session.sessionId}`);
    return { status: 204 };
  };

  const base = "/quality-on-demand/v1";
  const routes: readonly (readonly ["GET" | "POST" | "DELETE", string, Operation, Ask])[] = [
    ["POST", `${base}/sessions`, operation("create", true), create],
    ["GET", `${base}/sessions/:id`, operation("get", false), read],
    ["DELETE", `${base}/sessions/:id`, operation("delete", true), remove],
    ["POST", `${base}/sessions/:id/extend`, operation("extend", true), extend],
    ["POST", `${base}/retrieve-sessions`, operation("retrieve", false), retrieve],
  ];
  for (const [method, url, asked, act] of routes)
    app.route({
      method,
      url,
      handler: (request, reply) => gate(request, reply, asked, () => (access.isAllowed(request) ? act(request) : unauthenticated)),
    });
  return {
    terminate() {
      for (const id of sessions.keys()) {
        if (!ended.has(id)) ledger.enter("nef", "removed", `session/${id}`);
        ended.add(id);
      }
    },
    reset() {
      sessions.clear();
      ended.clear();
      lastId = 0;
    },
  };
}

const said = (status: number, code: string, message: string): Answer => ({ status, body: { status, code, message } });
const unknown = said(404, "NOT_FOUND", "there is no such session");
const unauthenticated = said(401, "UNAUTHENTICATED", "no token, or a stale one");
