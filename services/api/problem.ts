import type { FastifyReply } from "fastify";
import { ConflictKind } from "../../domain/intent/conflict/claim.ts";
import type { IntentConflictReport, IntentFeasibilityCheckReport } from "../../domain/intent/conflict/report.ts";
import type { Problem } from "../ingress/ingress.ts";

/** RFC 9457 problem details; `code` is stable and listed in docs/errors.md. */
interface ProblemDetails {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail?: string;
  readonly problems?: readonly Problem[];
  /** TS 28.312, where other intents are in the way. */
  readonly intentConflictReports?: readonly IntentConflictReport[];
  readonly intentFeasibilityCheckReport?: IntentFeasibilityCheckReport;
}

export function sendProblem(reply: FastifyReply, { status, code, title, ...more }: ProblemDetails): FastifyReply {
  return reply
    .status(status)
    .type("application/problem+json")
    .send(JSON.stringify({ type: `/docs/errors#${code.toLowerCase()}`, title, status, code, ...more }));
}

/** Codes for a file that is no input at all; everything else was understood and refused. */
const unreadable: Readonly<Record<string, number>> = { INPUT_TOO_LARGE: 413, INPUT_UNPARSABLE: 400 };

export function sendRefusal(reply: FastifyReply, problems: readonly Problem[]): FastifyReply {
  const [first] = problems;
  const code = first?.code ?? "INTENT_INVALID";
  const more = problems.length > 1 ? ` (and ${String(problems.length - 1)} more)` : "";
  return sendProblem(reply, {
    status: unreadable[code] ?? 422,
    code,
    title: "nothing of the file was taken",
    detail: `${first?.reason ?? ""}${more}`,
    problems,
    ...infeasibilityOf(problems),
  });
}

/** In TS 28.312's form, what is understood and cannot be had beside what others have. */
function infeasibilityOf(problems: readonly Problem[]): Pick<ProblemDetails, "intentConflictReports" | "intentFeasibilityCheckReport"> {
  const infeasible = problems.filter(({ code }) => ConflictKind.safeParse(code).success);
  if (infeasible.length === 0) return {};
  const intentConflictReports = infeasible.flatMap(({ conflict }) => conflict ?? []);
  return {
    ...(intentConflictReports.length === 0 ? {} : { intentConflictReports }),
    intentFeasibilityCheckReport: {
      feasibilityCheckResult: "INFEASIBLE",
      ...(intentConflictReports.length === 0 ? {} : { infeasibilityReasons: ["INTENT_CONFLICT"] }),
      inFeasibleExpectationInfos: infeasible.map(({ expectationId = "", code, reason }) => ({
        expectationId,
        reason: `${code}: ${reason}`,
      })),
    },
  };
}
