import { z } from "zod";
import { ok, type Outcome, refuse } from "../../domain/outcome.ts";
import { device, sessionBody, sessionDifferences, Session } from "./camara-session.ts";
import { durationS, type Face, type KnownUe, nameIn, stopMoved, type Wanted } from "./face.ts";
import { type Call, type Core, declined, understood } from "./http.ts";

const base = "/quality-on-demand/v1";
const Sessions = z.array(Session);

const unknownUe = (core: Core) =>
  refuse("UE_UNKNOWN", `the entry of ${core.host} has no address for the subscriber, and CAMARA finds sessions by address alone`);

/** The sessions of the flow's name; those that ended are shown for a while, and are none. */
async function find(core: Core, { flow, ue }: Wanted): Promise<Outcome<readonly Session[]>> {
  if (ue === undefined) return unknownUe(core);
  const reply = await core.call({ method: "POST", path: `${base}/retrieve-sessions`, json: { device: device(ue) } });
  if (!reply.ok) return reply;
  if (reply.value.status === 404) return ok([]); // a device that is not known has no sessions
  if (reply.value.status !== 200) return declined(core, reply.value, "POST retrieve-sessions");
  const sessions = understood(core, reply.value, Sessions, "a list of sessions");
  return ok(sessions.filter(({ sink, qosStatus }) => nameIn(sink) === flow.name && qosStatus !== "UNAVAILABLE"));
}

async function call(core: Core, asked: Call, fine: readonly number[], doing: string): Promise<Outcome<void>> {
  const reply = await core.call(asked);
  if (!reply.ok) return reply;
  return fine.includes(reply.value.status) ? ok(undefined) : declined(core, reply.value, doing);
}

const pathOf = ({ sessionId }: Session): string => `${base}/sessions/${encodeURIComponent(sessionId)}`;

async function removeAll(core: Core, sessions: readonly Session[]): Promise<Outcome<void>> {
  for (const session of sessions.toReversed()) {
    const removed = await call(core, { method: "DELETE", path: pathOf(session) }, [204, 404], "DELETE session");
    if (!removed.ok) return removed;
  }
  return ok(undefined);
}

function create(core: Core, wanted: KnownUe): Promise<Outcome<void>> {
  const duration = durationS(wanted);
  if (duration === undefined)
    return Promise.resolve(
      refuse("NEF_REFUSED", "a session of CAMARA QoD has a duration: the intent needs a stopTime, or a core that is asked over its NEF"),
    );
  return call(core, { method: "POST", path: `${base}/sessions`, json: sessionBody(wanted, duration) }, [201], "POST sessions");
}

/**
 * CAMARA Quality on Demand 1.x: sessions by profile. It has no rates, so the profile is what they are, and none are declared; no directions
 * and protocols, so a session holds for at least what was asked; and no change but a longer duration, so the rest is made anew.
 */
export const camaraQod: Face = {
  async observe(core, wanted) {
    const found = await find(core, wanted);
    if (!found.ok) return found;
    const [first, ...surplus] = found.value;
    if (first === undefined) return ok({ state: "absent" });
    const differs = sessionDifferences(first, wanted);
    return ok({
      state: "present",
      differs: surplus.length > 0 ? [...differs, "duplicates"] : differs,
      pending: first.qosStatus === "REQUESTED",
      declared: {},
    });
  },

  create,

  async change(core, wanted, before) {
    const found = await find(core, wanted);
    if (!found.ok) return found;
    const [first, ...surplus] = found.value;
    if (first === undefined) return create(core, wanted);
    const alone = await removeAll(core, surplus);
    if (!alone.ok) return alone;
    const differs = [...sessionDifferences(first, wanted), ...(stopMoved(wanted.flow, before) ? ["stopTime"] : [])];
    if (differs.length === 0) return ok(undefined);
    const more = (wanted.flow.qosDurationS ?? 0) - first.duration;
    if (differs.every((name) => name === "stopTime") && more > 0 && first.qosStatus === "AVAILABLE") {
      const asked: Call = { method: "POST", path: `${pathOf(first)}/extend`, json: { requestedAdditionalDuration: more } };
      return call(core, asked, [200], "POST extend");
    }
    const removed = await removeAll(core, [first]);
    return removed.ok ? create(core, wanted) : removed;
  },

  async remove(core, wanted) {
    const found = await find(core, wanted);
    return found.ok ? removeAll(core, found.value) : found;
  },
};
