import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Strike } from "../faults.ts";
import type { Answer, HttpGate, Operation } from "../http-gate.ts";
import { loadDescriptors } from "./descriptor.ts";
import { type FormPart, parseForm } from "./multipart.ts";
import { type Flash, newCsrf, openSessions, type Session, type Sessions } from "./session.ts";
import type { Course, TfsStore } from "./store.ts";

const page: Operation = { name: "webui.page", mutating: false };
const upload: Operation = { name: "webui.upload", mutating: true };

const maxUploadBytes = 1024 * 1024; // the WebUI's MAX_CONTENT_LENGTH
const redirectBody = `<!doctype html>
<html lang=en>
<title>Redirecting...</title>
<h1>Redirecting...</h1>
<p>You should be redirected automatically to the target URL: <a href="/webui/">/webui/</a>. If not, click the link.
`;

/** The upload of descriptors. It always redirects: whether it went well stands only in the alerts of the page that comes next. */
export function mountWebui(
  app: FastifyInstance,
  gate: HttpGate,
  store: TfsStore,
  options: { readonly csrf: boolean; readonly courseOf: (strike: Strike) => Course },
): void {
  const sessions = openSessions();

  app.get("/webui", (request, reply) =>
    gate(request, reply, page, () => {
      const { flashes = [], ...session } = sessions.read(request.headers.cookie);
      return show(sessions, options.csrf, session, flashes.map(flashAlert), flashes.length > 0);
    }),
  );
  app.post("/webui", { bodyLimit: maxUploadBytes }, (request, reply) =>
    gate(request, reply, upload, (strike) => {
      const session = sessions.read(request.headers.cookie);
      const parts = parseForm(request.headers["content-type"], request.body) ?? [];
      const problem = options.csrf ? sessions.csrfProblem(session, textOf(parts, "csrf_token")) : undefined;
      const required = fieldAlert("context_topology", "This field is required."); // by the page's other form
      if (problem !== undefined) return show(sessions, options.csrf, session, [fieldAlert("csrf_token", problem), required], false);
      const file = parts.find((p) => p.name === "descriptors" && p.filename !== undefined && p.filename !== "");
      if (file?.filename?.endsWith(".json") === false) return show(sessions, options.csrf, session, [required], false);
      const flashes =
        file === undefined ? [fileMissing(request)] : loadDescriptors(file.data.toString("utf8"), store, options.courseOf(strike));
      const cookie = sessions.setCookie({ ...session, flashes: [...(session.flashes ?? []), ...flashes].map(([l, m]) => [l, m]) });
      return { status: 302, type: "text/html; charset=utf-8", body: redirectBody, headers: { location: "/webui/", "set-cookie": cookie } };
    }),
  );
}

/** Werkzeug's BadRequestKeyError, as the upload's handler prints it. */
const fileMissing = (request: FastifyRequest): Flash => [
  "danger",
  `Unable to load descriptor file: 400 Bad Request: The browser (or proxy) sent a request that this server could not understand. (${request.method})`,
];

const textOf = (parts: readonly FormPart[], name: string): string | undefined =>
  parts.find((p) => p.name === name && p.filename === undefined)?.data.toString("utf8");

/** With CSRF on every page brings both forms a token, and a session that has none gets one. */
function show(sessions: Sessions, csrfOn: boolean, session: Session, alerts: readonly string[], shown: boolean): Answer {
  const csrf = csrfOn ? (session.csrf ?? newCsrf()) : undefined;
  const isNew = csrf !== undefined && csrf !== session.csrf;
  const hidden = csrf === undefined ? "" : `<input id="csrf_token" name="csrf_token" type="hidden" value="${sessions.token(csrf)}">`;
  const body = pageOf(hidden, alerts);
  const answer = { status: 200, type: "text/html; charset=utf-8", body };
  if (!isNew && !shown) return answer;
  const next: Session = csrf === undefined ? {} : { csrf };
  return { ...answer, headers: { "set-cookie": sessions.setCookie(next), vary: "Cookie" } };
}

const pageOf = (hidden: string, alerts: readonly string[]): string => `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>ETSI TeraFlowSDN Controller (simulator)</title></head>
  <body>
    <main class="container">
      ${alerts.join("\n      ")}
      <h2>ETSI TeraFlowSDN Controller</h2>
      <form id="select_context" method="POST" enctype="multipart/form-data">
        ${hidden}
        <select class="form-select" id="context_topology" name="context_topology"><option value="">Select...</option></select>
      </form>
      <form id="upload_descriptors" method="POST" enctype="multipart/form-data">
        ${hidden}
        <input class="form-control" id="descriptors" name="descriptors" type="file">
      </form>
    </main>
  </body>
</html>
`;

const button = `<button type="button" class="btn-close" data-bs-dismiss="alert" aria-label="Close"></button>`;

const flashAlert = ([level, message]: Flash): string =>
  `<div class="alert alert-${level} alert-dismissible fade show" role="alert">
        ${escaped(message)}
        ${button}
      </div>`;

/** Errors of a form's fields have no level. */
const fieldAlert = (field: string, message: string): string =>
  `<div class="alert alert-dismissible fade show" role="alert"><b>${field}</b>: ${escaped(`['${message}']`)} ${button}</div>`;

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&#34;").replaceAll("'", "&#39;");
