import { createHmac, timingSafeEqual } from "node:crypto";

/** What a core has to show beside a flow's name: nobody else knows it, and it says nothing. `key`: 32 bytes. */
export const notifyToken = (key: Buffer, name: string): string =>
  createHmac("sha256", key).update(`5g-notify ${name}`).digest("base64url").slice(0, 22);

export function isNotifyToken(key: Buffer, name: string, token: string): boolean {
  const expected = Buffer.from(notifyToken(key, name));
  const given = Buffer.from(token);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
