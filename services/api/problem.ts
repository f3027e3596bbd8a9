import type { FastifyReply } from "fastify";
import type { Problem } from "../ingress/ingress.ts";

/** RFC 9457 problem details; `code` is stable and listed in docs/errors.md. */
interface ProblemDetails {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail?: string;
  readonly problems?: readonly Problem[];
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
  });
}
