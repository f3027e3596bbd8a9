import type { Intent } from "../domain/intent/model.ts";
import type { Event } from "../events/define.ts";
import { IntentSubmitted } from "../events/intent.ts";
import { decodeAmqp, encodeAmqp } from "../runtime/codec/amqp.ts";
import type { HostedFunction } from "../runtime/function.ts";
import { type HostScope, invoke, isFor } from "../runtime/invoke.ts";
import type { Backing } from "../state/backing.ts";

const ROUNDS = 40;
const MAX_STEPS = 16;

const is = (contextAttribute: string, contextValueRange: string) => ({
  contextAttribute,
  contextCondition: "IS_EQUAL_TO" as const,
  contextValueRange,
});
const deliver = (
  expectationId: string,
  objectType: string,
  objectContexts: ReturnType<typeof is>[],
  expectationContexts: ReturnType<typeof is>[] = [],
) => ({
  expectationId,
  expectationVerb: "DELIVER" as const,
  expectationObject: { objectType, objectContexts },
  expectationTargets: [],
  expectationContexts,
});

/** The shapes of D2.3's two annexes, of nobody's network. */
const intent: Intent = {
  id: "warm-up",
  userLabel: "cloud_continuum",
  intentExpectations: [
    deliver("1", "L2VPN", [
      is("nodeSrc", "a"),
      is("nodeDst", "b"),
      is("endpointSrc", "eth0"),
      is("endpointDst", "eth0"),
      is("vlanId", "1"),
    ]),
    deliver("2", "K8S_L2_NETWORK", [is("name", "n"), is("providerName", "p"), is("domain", "d")]),
    deliver(
      "3",
      "K8S_CLUSTER_CONFIG",
      [is("name", "c"), is("bearer_token", `secretRef:${"0".repeat(34)}`), is("api_key", "https://c")],
      [is("k8s_l2_network", "n")],
    ),
  ],
  intentContexts: [],
  intentAdminState: "ACTIVATED",
  intentPriority: 1,
};

const nothing = (): void => undefined;
const scope: HostScope = {
  resources: {},
  now: () => new Date(0),
  log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
  lastAttempt: false,
  reached: nothing,
};

/**
 * Takes an intent through the functions that remember nothing, until there are orders, and forgets it: schemas are compiled and the first
 * intents of a process need not wait for that, which took half a second of the first fifty. Nothing is published, opened or remembered.
 */
export async function warmUp(functions: readonly HostedFunction<Backing>[]): Promise<void> {
  const pure = functions.filter((fn) => Object.keys(fn.resources).length === 0);
  for (let round = 0; round < ROUNDS; round += 1) {
    const data = { intent, generation: 1, submission: 1, wanted: "active" as const, retired: [] };
    let events: readonly Event[] = [IntentSubmitted.make({ source: "/warm-up", subject: intent.id, id: String(round), data })];
    for (let step = 0; step < MAX_STEPS && events.length > 0; step += 1) {
      const received = events.map((event) => decodeAmqp({ ...encodeAmqp(event), redelivered: false }));
      const replies = await Promise.all(
        received.flatMap((event) => pure.filter((fn) => isFor(fn, event)).map((fn) => invoke(fn, event, scope))),
      );
      for (const fn of functions) for (const { data: schema } of fn.on) for (const event of received) schema.safeParse(event.data);
      events = replies.flatMap((reply) => (reply.kind === "done" ? reply.events : []));
    }
  }
}
