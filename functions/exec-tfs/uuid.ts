import { hash } from "node:crypto";

const namespace = Buffer.from("200e3a1f2223534fa100758e29c37f40", "hex");

/** The UUID that TeraFlowSDN derives from a name (RFC 9562 version 5); a value that already is a UUID is kept. */
export function tfsUuid(nameOrUuid: string, prefix?: string): string {
  if (/^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(nameOrUuid)) return nameOrUuid.toLowerCase();
  const name = prefix === undefined ? nameOrUuid : `${prefix}/${nameOrUuid}`;
  const digest = hash("sha1", Buffer.concat([namespace, Buffer.from(name)]), "buffer");
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x50, 6);
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = digest.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/** The context in which every service of this project lives; the only one that TeraFlowSDN creates by itself. */
export const tfsContext = "admin";

const contextUuid = tfsUuid(tfsContext);
const topologyUuid = tfsUuid(tfsContext, contextUuid);

export const serviceUuid = (name: string): string => tfsUuid(name, contextUuid);
export const endpointUuid = (endpoint: string, device: string): string => tfsUuid(endpoint, `${topologyUuid}/${tfsUuid(device)}`);
