import type { FastifyInstance, FastifyReply } from "fastify";
import { z } from "zod";
import { Mode } from "../../domain/learning/model.ts";
import { shadowReport } from "../../domain/scaling/report.ts";
import { type LearningSettings, settingsFor } from "../../domain/scaling/settings.ts";
import type { Event } from "../../events/define.ts";
import { RollbackRequested } from "../../events/learning.ts";
import type { Models } from "../../functions/cfdrl-step/models.ts";
import { GENESIS_LINK } from "../../functions/genesis.ts";
import type { ClusterStore } from "../../state/clusters.ts";
import type { RoundStore } from "../../state/rounds.ts";
import { LOG_LENGTH, type ScalingStore } from "../../state/scaling.ts";
import type { Switches } from "../../state/switches.ts";
import { sendProblem } from "./problem.ts";

export interface LearningParts {
  readonly settings: LearningSettings;
  readonly scaling: ScalingStore;
  readonly switches: Switches;
  readonly clusters: ClusterStore;
  readonly rounds: RoundStore;
  readonly models: Models;
  readonly publish: (events: readonly Event[]) => Promise<void>;
}

const workload = z.string().min(1).max(1024);
const Decisions = z.object({ workload: workload.optional(), limit: z.coerce.number().int().min(1).max(1_000).default(20) });
const SetMode = z.object({ mode: Mode, workload: workload.optional() });
const Kill = z.object({ off: z.enum(["true", "false"]).default("false") });
const Rollback = z.object({
  to: z
    .string()
    .regex(/^[0-9a-f]{8,64}$/, "8 or more digits of the model's SHA-256")
    .optional(),
  reason: z.string().max(500).default("an operator asked for it"),
});
/** A day of decisions every 30 s. */
const Report = z.object({ workload: workload.optional(), limit: z.coerce.number().int().min(10).max(LOG_LENGTH).default(2_880) });
const LINKS = 1_000;

/** What is scaled and why, how far the learner may go, and what it would have been worth. */
export function learningRoutes(app: FastifyInstance, parts: LearningParts): void {
  const { settings, scaling, switches, rounds, models, publish } = parts;

  app.get("/v1/scaling", async (request, reply) => {
    const { workload: asked, limit } = Decisions.parse(request.query);
    if (asked === undefined) {
      const newest = await Promise.all((await scaling.workloads()).map((name) => scaling.log(name, 1)));
      return { decisions: newest.flat() };
    }
    const decisions = await scaling.log(asked, limit);
    return decisions.length === 0 ? unknownWorkload(reply, asked) : { decisions };
  });

  app.get("/v1/learning", () => statusOf(parts));

  app.post("/v1/learning/mode", async (request, reply) => {
    const { mode, workload: asked } = SetMode.parse(request.query);
    if (asked !== undefined && !(await scaling.workloads()).includes(asked)) return unknownWorkload(reply, asked);
    await switches.setMode(mode, asked);
    return statusOf(parts);
  });

  app.post("/v1/learning/kill", async (request) => {
    await switches.kill(Kill.parse(request.query).off === "false");
    return statusOf(parts);
  });

  app.post("/v1/learning/rollback", async (request, reply) => {
    const { to, reason } = Rollback.parse(request.query);
    if (settings.aggregatorKey === undefined) {
      const title = "another deployment aggregates for this federation";
      return sendProblem(reply, { status: 409, code: "AGGREGATES_ELSEWHERE", title, detail: "ask where aggregatorKeyFile is set" });
    }
    const links = [GENESIS_LINK, ...(await rounds.links(LINKS))];
    const now = links.at(-1)?.modelSha256;
    const earlier = [...new Set(links.map(({ modelSha256 }) => modelSha256).toReversed())].filter((sha) => sha !== now);
    const toSha256 = to === undefined ? earlier[0] : earlier.find((sha) => sha.startsWith(to));
    if (toSha256 === undefined) {
      const known = earlier.map((sha) => sha.slice(0, 12)).join(", ");
      const detail = known === "" ? "the chain has no earlier model" : `earlier models of the chain: ${known}`;
      return sendProblem(reply, { status: 404, code: "MODEL_UNKNOWN", title: "no such earlier model", detail });
    }
    await publish([RollbackRequested.make({ source: "/mncc/api", subject: "policy", data: { toSha256, reason } })]);
    return reply.status(202).send({ toSha256, reason });
  });

  app.get("/v1/learning/report", async (request, reply) => {
    const { workload: asked, limit } = Report.parse(request.query);
    const { model } = await models.current(settings.client);
    if (typeof model === "string")
      return sendProblem(reply, { status: 503, code: "MODEL_UNAVAILABLE", title: "there is no model that could be compared" });
    const reports = [];
    for (const name of asked === undefined ? await scaling.workloads() : [asked]) {
      const records = await scaling.log(name, limit);
      const { envelope } = settingsFor(settings, name, records.at(-1)?.workloadId);
      const report = shadowReport(records, { model, envelope, hpa: settings.hpa, periodMs: settings.periodMs });
      if (report !== undefined) reports.push(report);
    }
    return asked !== undefined && reports.length === 0 ? unknownWorkload(reply, asked) : { reports };
  });
}

const unknownWorkload = (reply: FastifyReply, name: string): FastifyReply =>
  sendProblem(reply, {
    status: 404,
    code: "WORKLOAD_UNKNOWN",
    title: "not enough is known of such a workload",
    detail: `nothing, or too little, was decided for ${name}; \`underlay get scaling\` lists the workloads`,
  });

async function statusOf({ settings, scaling, switches, clusters, rounds, models }: LearningParts): Promise<object> {
  const [{ killed, modes }, current, round, links, workloads, known] = await Promise.all([
    switches.modes(),
    models.current(settings.client),
    rounds.current(),
    rounds.links(20),
    scaling.workloads(),
    clusters.list(),
  ]);
  const { federation, client, mode } = settings;
  const { rule, byzantine, quorum, deadlineMs } = federation.settings;
  return {
    client,
    killed,
    mode: modes["*"] ?? mode,
    modes: Object.fromEntries(Object.entries(modes).filter(([name]) => name !== "*")),
    model: {
      sha256: current.head.link.modelSha256,
      round: current.head.link.round,
      ...(typeof current.model === "string" ? { fault: current.model } : {}),
    },
    round: {
      round: round.round,
      ...(round.openedAtMs === undefined ? {} : { endsAt: new Date(round.openedAtMs + deadlineMs).toISOString() }),
      updates: Object.keys(await rounds.updates(round.round)),
    },
    federation: { clients: Object.keys(federation.clients), rule, byzantine, quorum, aggregates: settings.aggregatorKey !== undefined },
    links: [...links],
    workloads,
    clusters: known,
  };
}
