import { hash } from "node:crypto";
import type { Event } from "../../events/define.ts";

/** A routing key has 255 bytes, and a type about 50 of them. */
const LONGEST_WORD = 80;
/** No id is written like these: a `~` in one would have been escaped. */
const NOBODY = "~nobody";
const UNMAPPED = "~unmapped";

/**
 * An id as one word of a routing key: what is no letter, digit, `_` or `-` is percent-encoded, since a dot would make two words of it and `*` or
 * `#` a pattern. One that gets too long is its hash.
 */
export function routingWord(id: string): string {
  const word = id.replaceAll(/[^A-Za-z0-9_-]/gu, (other) =>
    [...Buffer.from(other)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
  return word.length <= LONGEST_WORD ? word : `~${hash("sha256", id, "base64url")}`;
}

/**
 * The event's type, and what narrows it down. Its executioner, where it has one: five executioners consume `order.placed`, and with the type alone
 * each of them would receive, decode and drop the others' orders. Its user and workload, where it has either: a user's queue binds
 * `<type>.<user>.#` and gets nobody else's. A queue that binds `<type>.#` gets all.
 */
export function routingKeyOf(event: Event): string {
  const { type } = event;
  const { executioner, userid, workloadid } = event;
  if (typeof executioner === "string") return `${type}.${executioner}`;
  const [userId, workloadId] = [userid, workloadid].map((id) => (typeof id === "string" ? id : null));
  return userId === null && workloadId === null ? type : `${type}.${ownerWords({ userId, workloadId })}`;
}

/** `<user>.<workload>`. */
export const ownerWords = ({
  userId,
  workloadId,
}: {
  readonly userId: string | null | undefined;
  readonly workloadId: string | null | undefined;
}): string =>
  `${typeof userId === "string" ? routingWord(userId) : NOBODY}.${typeof workloadId === "string" ? routingWord(workloadId) : UNMAPPED}`;
