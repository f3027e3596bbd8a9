import type { Ledger } from "../ledger.ts";
import { uuid5 } from "../uuid.ts";
import type { Dialect, FieldError, Location, Requested } from "./messages.ts";

interface Stored {
  readonly id: string;
  readonly object: string;
  readonly requested: Requested;
  readonly peerIp: string;
  status: string;
  /** Scheduled for deletion: no longer usable, and still shown until then. */
  goneAtMs?: number;
}

export interface PeeringStoreOptions {
  /** The AS that the server belongs to. */
  readonly asn: number;
  readonly locations: readonly Location[];
  readonly dialect: Dialect;
  /** What a new session's status is. */
  readonly status: string;
  readonly showsSecret: boolean;
  readonly removeAfterMs: number;
  readonly now: () => number;
}

export interface PeeringStore {
  create(requested: Requested): { readonly session: object } | { readonly errors: readonly FieldError[] };
  find(id: string): object | undefined;
  /** Those that this AS asked for, in the order in which it did. */
  of(requestorAsn: number): readonly object[];
  remove(id: string): object | undefined;
  /** Somebody decided, or BGP did: every session has this status now. */
  decide(status: string): void;
  reset(): void;
}

export function openPeeringStore(ledger: Ledger, options: PeeringStoreOptions): PeeringStore {
  const { asn, locations, dialect, removeAfterMs, now } = options;
  const sessions = new Map<string, Stored>();
  let asked = 0;

  function sweep(): void {
    for (const [id, { goneAtMs }] of sessions) if (goneAtMs !== undefined && now() >= goneAtMs) sessions.delete(id);
  }

  const render = ({ id, requested, peerIp, status }: Stored): object => ({
    ...requested.fields,
    peer_ip: peerIp,
    status,
    session_id: id,
    ...(options.showsSecret && requested.secret !== undefined
      ? { [dialect === "draft-01" ? "session_secret" : "md5"]: requested.secret }
      : {}),
  });

  function faultsOf({ fields }: Requested, object: string): readonly FieldError[] {
    const { peer_asn, peer_type, location } = fields;
    if (peer_asn !== asn) return [{ name: "peer_asn", reasons: ["asn not available at that location"] }];
    if (!locations.some((at) => at.id === location.id && at.type === location.type))
      return [{ name: "location", reasons: ["no peering at that location"] }];
    if (peer_type !== location.type) return [{ name: "peer_type", reasons: ["not the type of the location"] }];
    const isThere = [...sessions.values()].some((s) => s.object === object);
    return isThere ? [{ name: "local_ip", reasons: ["a session with this address exists already"] }] : [];
  }

  return {
    create(requested) {
      sweep();
      const { local_asn, local_ip, peer_asn, peer_type, location } = requested.fields;
      const localIp = local_ip.includes(":") ? new URL(`http://[${local_ip}]`).hostname.slice(1, -1) : local_ip;
      const object = `session/AS${String(local_asn)}/${localIp}/AS${String(peer_asn)}/${location.id}/${peer_type}`;
      const errors = faultsOf(requested, object);
      if (errors.length > 0) return { errors };
      asked += 1;
      const id = uuid5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", `peering/${object}/${String(asked)}`);
      const peerIp = local_ip.includes(":") ? "2001:db8::2" : "192.0.2.2";
      const stored: Stored = { id, object, requested, peerIp, status: options.status };
      sessions.set(id, stored);
      ledger.enter("peering", "created", object);
      return { session: render(stored) };
    },
    find(id) {
      sweep();
      const stored = sessions.get(id);
      return stored === undefined ? undefined : render(stored);
    },
    of(requestorAsn) {
      sweep();
      return [...sessions.values()].filter((s) => s.requested.fields.local_asn === requestorAsn).map(render);
    },
    remove(id) {
      sweep();
      const stored = sessions.get(id);
      if (stored === undefined) return undefined;
      if (stored.goneAtMs === undefined) ledger.enter("peering", "removed", stored.object);
      stored.goneAtMs ??= now() + removeAfterMs;
      stored.status = "Down";
      sweep();
      return render(stored);
    },
    decide(status) {
      for (const stored of sessions.values()) {
        if (stored.status === status || stored.goneAtMs !== undefined) continue;
        stored.status = status;
        ledger.enter("peering", "changed", stored.object, `status ${status}`);
      }
    },
    reset() {
      sessions.clear();
      asked = 0;
    },
  };
}
