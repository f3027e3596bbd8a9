import { hash } from "node:crypto";

const namespace = Buffer.from("200e3a1f2223534fa100758e29c37f40", "hex");

/** RFC 9562 version 5, in TeraFlowSDN's namespace. */
function uuidOf(name: string): string {
  const digest = hash("sha1", Buffer.concat([namespace, Buffer.from(name)]), "buffer");
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x50, 6);
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = digest.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/** The only context that TeraFlowSDN's slice interface puts slices into. */
const adminContext = uuidOf("admin");

/** The UUID that TeraFlowSDN's Context component derives from a slice's name. Names of slices here never have the form of a UUID. */
export const sliceUuid = (slice: string): string => uuidOf(`${adminContext}/${slice}`);
