import { z } from "zod";
import type { Wanted } from "./face.ts";

const Ports = z.object({
  ports: z.array(z.int()).optional(),
  ranges: z.array(z.object({ from: z.int(), to: z.int() })).optional(),
});

/** The parts of CAMARA's SessionInfo that a flow is told by. */
export const Session = z.object({
  sessionId: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._~-]*$/),
  duration: z.int(),
  qosStatus: z.enum(["REQUESTED", "AVAILABLE", "UNAVAILABLE"]),
  qosProfile: z.string().optional(),
  applicationServer: z.object({ ipv4Address: z.string().optional() }).optional(),
  applicationServerPorts: Ports.optional(),
  sink: z.string().optional(),
});
export type Session = z.infer<typeof Session>;

/** Where no address is translated, CAMARA wants the same one as public and as private. */
export const device = (ue: string): object => ({ ipv4Address: { publicAddress: ue, privateAddress: ue } });

const serverOf = ({ flow: { remote } }: Wanted): string => (remote.address === "any" ? "0.0.0.0/0" : remote.address);

function portsOf({ flow: { remote } }: Wanted): z.infer<typeof Ports> | undefined {
  if (remote.ports.length === 0) return undefined;
  const numbers = remote.ports.map((text) => text.split("-").map(Number));
  const ports = numbers.flatMap(([from = 0, to]) => (to === undefined ? [from] : []));
  const ranges = numbers.flatMap(([from = 0, to]) => (to === undefined ? [] : [{ from, to }]));
  return { ...(ports.length === 0 ? {} : { ports }), ...(ranges.length === 0 ? {} : { ranges }) };
}

/** CreateSession. */
export function sessionBody(wanted: Wanted & { readonly ue: string }, duration: number): object {
  const applicationServerPorts = portsOf(wanted);
  return {
    device: device(wanted.ue),
    applicationServer: { ipv4Address: serverOf(wanted) },
    ...(applicationServerPorts === undefined ? {} : { applicationServerPorts }),
    qosProfile: wanted.flow.profile,
    duration,
    sink: wanted.destination,
  };
}

/** The same ports in the same order, however a core groups them. */
const written = (ports: z.infer<typeof Ports> | undefined): string =>
  [...(ports?.ports ?? []).map(String), ...(ports?.ranges ?? []).map(({ from, to }) => `${String(from)}-${String(to)}`)].toSorted().join();

/** Names, in the intent's words, of what the session has otherwise than wanted. A duration that the clock gave is not compared. */
export function sessionDifferences(has: Session, wanted: Wanted): readonly string[] {
  const { flow, destination } = wanted;
  const isAsWanted = {
    ip4Address: has.applicationServer?.ipv4Address === serverOf(wanted),
    portNumber: written(has.applicationServerPorts) === written(portsOf(wanted)),
    profile: has.qosProfile === flow.profile,
    stopTime: flow.qosDurationS === undefined ? flow.stopTime !== undefined : has.duration === flow.qosDurationS,
    notificationDestination: has.sink === destination,
  };
  return Object.entries(isAsWanted).flatMap(([name, isSame]) => (isSame ? [] : [name]));
}
