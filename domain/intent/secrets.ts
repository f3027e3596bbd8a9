import { ok, type Outcome, refuse } from "../outcome.ts";
import type { Context, Intent } from "./model.ts";

export type SecretRefusal = "SECRET_MISPLACED" | "SECRET_INVALID";

/** Contexts whose value is a secret, however their name is written. */
const secretAttributes = new Set(["bearertoken", "token", "password", "clientsecret", "md5", "sessionsecret", "apikey"]);
const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
const isReference = (value: string): boolean => /^secretRef:[A-Za-z0-9_-]{16,64}$/.test(value);

/** D2.3's `api_key` is the URL of a cluster's API and no secret, unless it is anything but a URL. */
const isSecret = ({ contextAttribute, contextValueRange }: Context): boolean =>
  secretAttributes.has(plain(contextAttribute)) &&
  !(plain(contextAttribute) === "apikey" && typeof contextValueRange === "string" && /^https?:\/\//i.test(contextValueRange));

/** A JWT, an Authorization value, a PEM key, or a URL with a user in it: written as a person or as a URL parser reads it. */
const credential =
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}|\bBearer\s+\S{8,}|-----BEGIN [A-Z ]*PRIVATE KEY|(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*:[/\\]+[^/\\?#]*@/i;

/** Whether a text has the shape of a credential: such a text is not repeated, whoever asks. */
export const looksLikeCredential = (text: string): boolean =>
  // A URL parser takes no notice of tabs and line ends.
  credential.test(text) || credential.test(text.replaceAll(/[\t\r\n]/g, ""));

/**
 * Replaces every secret by what `seal` gives for it, takes a reference only where `owns` says that it is the intent's own, and refuses an intent that carries a credential anywhere else,
 * naming the place and never the value. After this an intent may travel.
 */
export function sealSecrets(
  intent: Intent,
  seal: (secret: string) => string,
  owns: (reference: string) => boolean = () => true,
): Outcome<Intent, SecretRefusal> {
  let refusal: Outcome<Intent, SecretRefusal> | undefined;
  const say = (code: SecretRefusal, reason: string, path: string) => {
    refusal ??= refuse(code, reason, path);
  };

  const sealContexts = (contexts: readonly Context[], place: string): Context[] =>
    contexts.map((context, i) => {
      if (!isSecret(context)) return context;
      const value = context.contextValueRange;
      if (typeof value === "string" && isReference(value)) {
        // References travel in events for anybody to read: one of another intent would lend that intent's token.
        if (!owns(value))
          say(
            "SECRET_INVALID",
            `${context.contextAttribute} refers to a secret of another intent`,
            `${place}/${String(i)}/contextValueRange`,
          );
        return context;
      }
      if (typeof value === "string" && value.trim() !== "") return { ...context, contextValueRange: seal(value) };
      say("SECRET_INVALID", `${context.contextAttribute} is a secret: expected text`, `${place}/${String(i)}/contextValueRange`);
      return { ...context, contextValueRange: "" };
    });

  const sealed: Intent = {
    ...intent,
    intentContexts: sealContexts(intent.intentContexts, "/intentContexts"),
    intentExpectations: intent.intentExpectations.map((expectation, i) => {
      const place = `/intentExpectations/${String(i)}`;
      const { expectationObject: object } = expectation;
      return {
        ...expectation,
        expectationObject: { ...object, objectContexts: sealContexts(object.objectContexts, `${place}/expectationObject/objectContexts`) },
        expectationContexts: sealContexts(expectation.expectationContexts, `${place}/expectationContexts`),
        expectationTargets: expectation.expectationTargets.map((target, k) =>
          target.targetContexts === undefined
            ? target
            : { ...target, targetContexts: sealContexts(target.targetContexts, `${place}/expectationTargets/${String(k)}/targetContexts`) },
        ),
      };
    }),
  };
  if (refusal !== undefined) return refusal;
  const misplaced = findCredential(sealed, "");
  return misplaced === undefined
    ? ok(sealed)
    : refuse("SECRET_MISPLACED", "looks like a credential; a token belongs in a context named bearer_token, where it is sealed", misplaced);
}

function findCredential(value: unknown, place: string): string | undefined {
  if (typeof value === "string") return !isReference(value) && looksLikeCredential(value) ? place : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const found = findCredential(inner, `${place}/${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
