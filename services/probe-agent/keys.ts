import { createHmac, hash, hkdfSync, timingSafeEqual } from "node:crypto";
import type { Hmac } from "../../domain/probe/stamp.ts";

/** What agents and their callers prove with one shared token, each use under a key of its own. */
export interface ProbeKeys {
  /** STAMP in authenticated mode: RFC 8762 section 4.4. */
  readonly stamp: Hmac;
  /** Answers a sink's challenge. */
  readonly throughput: Hmac;
  /** Whether an HTTP Authorization header carries the token. */
  isBearer(header: string | undefined): boolean;
}

const digest = (text: string): Buffer => hash("sha256", text, "buffer");

export function probeKeys(token: string): ProbeKeys {
  const under = (use: string): Hmac => {
    const key = Buffer.from(hkdfSync("sha256", token, "", `underlay probe ${use}`, 32));
    return (bytes) => createHmac("sha256", key).update(bytes).digest();
  };
  const right = digest(`Bearer ${token}`);
  return {
    stamp: under("stamp"),
    throughput: under("throughput"),
    isBearer: (header) => header !== undefined && timingSafeEqual(digest(header), right),
  };
}
