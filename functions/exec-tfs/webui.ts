import type { L2vpn } from "../../domain/intent/catalogue/tfs-l2vpn/payload.ts";
import { ok, type Outcome, refuse } from "../../domain/outcome.ts";
import { TransientError } from "../../runtime/errors.ts";
import { webuiDescriptor } from "./descriptor.ts";
import type { Face } from "./face.ts";
import { declined, type Tfs } from "./http.ts";
import { tfsApi } from "./tfs-api.ts";
import { alerts, complaint, csrfToken, mergeCookies, uploadForm } from "./webui-page.ts";

const page = "/webui";

type Upload = { readonly taken: true; readonly cookies: readonly string[] } | { readonly taken: false; readonly why: string };

/** The descriptor upload that D2.3 used. It can only add and update, so looking and removing go over the same controller's /tfs-api. */
export const webui: Face = { ...tfsApi, createProvesAbsence: false, create: (tfs, wanted) => upload(tfs, wanted, []), change: upload };

async function upload(tfs: Tfs, wanted: L2vpn, differs: readonly string[]): Promise<Outcome<void>> {
  const descriptor = JSON.stringify(webuiDescriptor(wanted, differs));
  let sent = await send(tfs, descriptor);
  // A token that expired between page and upload brings the form back; a second time it is not the token's age.
  if (sent.ok && !sent.value.taken) sent = await send(tfs, descriptor);
  if (!sent.ok) return sent;
  if (sent.value.taken) return verdict(tfs, sent.value.cookies);
  return refuse(
    "TFS_REFUSED",
    tfs.redact(`the WebUI at ${tfs.host} showed its form again instead of taking the descriptor: ${sent.value.why}`),
  );
}

async function send(tfs: Tfs, descriptor: string): Promise<Outcome<Upload>> {
  const form = await tfs.call({ method: "GET", path: page });
  if (form.status !== 200) return declined(tfs, form, "GET webui");
  const cookies = mergeCookies([], form.headers["set-cookie"]);
  const { type, body } = uploadForm(descriptor, csrfToken(form.text));
  const headers = { "content-type": type, ...cookieHeader(cookies) };
  // Path computation and the configuration of devices happen inside this request: D2.3 saw 30 s.
  const posted = await tfs.call({ method: "POST", path: page, headers, body, deadlineMs: 60_000 });
  if (posted.status === 302) return ok({ taken: true, cookies: mergeCookies(cookies, posted.headers["set-cookie"]) });
  if (posted.status === 200) return ok({ taken: false, why: complaint(posted.text) });
  return declined(tfs, posted, "POST webui");
}

/** The 302 says nothing: success and failure are told once, to the holder of the cookie, on the page after it. */
async function verdict(tfs: Tfs, cookies: readonly string[]): Promise<Outcome<void>> {
  const shown = await tfs.call({ method: "GET", path: `${page}/`, headers: cookieHeader(cookies) });
  if (shown.status !== 200) return declined(tfs, shown, "GET webui");
  const told = alerts(shown.text);
  // "Unable to Add Service" beside it is a re-apply: the service was there and has been updated.
  if (told.some(({ level, text }) => level === "success" && /^[1-9]\d* Services Updated/.test(text))) return ok(undefined);
  if (told.length > 0) {
    const text = told.map((alert) => shortened(alert.text)).join("; ");
    return refuse("TFS_REFUSED", tfs.redact(`the WebUI at ${tfs.host} says: ${text}`));
  }
  throw new TransientError("TFS_UNAVAILABLE", `the WebUI at ${tfs.host} took the descriptor but does not tell what became of it`);
}

const cookieHeader = (cookies: readonly string[]): Readonly<Record<string, string>> =>
  cookies.length === 0 ? {} : { cookie: cookies.join("; ") };

/** The WebUI prints the whole service before it says what is wrong with it. */
const shortened = (text: string): string => (text.length <= 300 ? text : `${text.slice(0, 60)} … ${text.slice(-200)}`);
