import { setTimeout as sleep } from "node:timers/promises";
import type { Event } from "../../../events/define.ts";
import { decodeAmqp, encodeAmqp } from "../../../runtime/codec/amqp.ts";
import { decodeHttp, encodeBinary } from "../../../runtime/codec/http.ts";
import type { HostedFunction } from "../../../runtime/function.ts";
import { findPart } from "../../../scripts/real/part.ts";
import { eventsOf, onBrokers, watch } from "../../conformance/hosts-doors.ts";
import { type Notes, openNotes } from "../../conformance/hosts-functions.ts";
import { functions } from "./functions.ts";
import { type Hosted, hostEach, openListener, subscriptions } from "../hosting.ts";
import { startKnative } from "../knative/broker.ts";
import { watchEach } from "../watchdog/watchdogs.ts";

export interface OpenHost {
  /** The event enters as one from outside does. */
  send(event: Event): Promise<void>;
  /** Every event that was published, the one from outside too, in the order seen. */
  seen(): readonly Event[];
  close(): Promise<void>;
}

/** A column of the matrix. A host that is not there says why; another is added by adding it to `hosts`. */
export interface Host {
  readonly name: string;
  readonly why?: string;
  readonly open: () => Promise<OpenHost>;
}

/** In this process, or over the bridge. */
const onBroker = ({ name, openBroker, openHost }: (typeof onBrokers)[number]): Host => ({
  name,
  async open() {
    const broker = await openBroker();
    const watched = await watch(broker, functions, { attempts: 3, openHost });
    return {
      send: (event) => broker.publish([encodeAmqp(event)]),
      seen: () => watched.logged,
      close: watched.close,
    };
  },
});

/** Functions at addresses, and between them what a bridge does at the least: post, ask again, post on what is answered. */
async function bridged(serve: (sinkUrl: string) => Promise<Hosted>): Promise<OpenHost> {
  const seen: Event[] = [];
  const sink = await openListener(({ headers, body }) => {
    void route(decodeHttp(headers, body));
    return { status: 202 };
  });
  const served = await serve(sink.url);

  async function deliver(name: string, event: Event): Promise<void> {
    const { headers, body } = encodeBinary(event);
    for (let tries = 1; tries <= 3; tries += 1) {
      const response = await fetch(served.url(name), { method: "POST", headers, body: new Uint8Array(body) });
      const answered = Buffer.from(await response.arrayBuffer());
      if (response.status === 200) return void (await Promise.all(eventsOf(response, answered).map(route)));
      await sleep(5);
    }
  }
  async function route(event: Event): Promise<void> {
    seen.push(event);
    const wants = (fn: HostedFunction<Notes>) =>
      subscriptions(fn).some((filter) => Object.entries(filter).every(([name, value]) => event[name] === value));
    await Promise.all(functions.filter(wants).map(({ name }) => deliver(name, event)));
  }
  return {
    send: route,
    seen: () => seen,
    close: async () => {
      await served.close();
      await sink.close();
    },
  };
}

const reasonFor = (...names: readonly Parameters<typeof findPart>[0][]): { why?: string } => {
  const missing = names.map((name) => ({ name, found: findPart(name) })).find(({ found }) => "why" in found);
  return missing !== undefined && "why" in missing.found ? { why: `no ${missing.name}: ${missing.found.why}` } : {};
};
const pathOf = (name: Parameters<typeof findPart>[0]): string => {
  const found = findPart(name);
  if ("why" in found) throw new Error(found.why);
  return found.path;
};

const knative = (name: string, enter: (broker: Awaited<ReturnType<typeof startKnative>>, event: Event) => Promise<void>): Host => ({
  name,
  ...reasonFor("knative-ingress", "knative-dispatcher"),
  async open() {
    const programs = { ingress: pathOf("knative-ingress"), dispatcher: pathOf("knative-dispatcher") };
    const broker = await startKnative(process.env["AMQP_URL"] ?? "", programs);
    const hosted = await hostEach(functions, openNotes(), broker.ingress);
    for (const fn of functions)
      for (const [index, filter] of subscriptions(fn).entries())
        await broker.addTrigger({ name: `${fn.name}-${String(index)}`, filter, subscriber: hosted.url(fn.name), retry: 2 });
    return {
      send: (event) => enter(broker, event),
      seen: () =>
        broker.messages.map(({ content, properties }) =>
          decodeAmqp({ body: content, contentType: String(properties.contentType), headers: properties.headers ?? {} } as Parameters<
            typeof decodeAmqp
          >[0]),
        ),
      close: async () => {
        await hosted.close();
        await broker.close();
      },
    };
  },
});

/** The first is the one that writes golden.json. */
export const hosts: readonly Host[] = [
  ...onBrokers.map(onBroker),
  { name: "node:http", open: () => bridged((sinkUrl) => hostEach(functions, openNotes(), sinkUrl)) },
  {
    name: "of-watchdog",
    ...reasonFor("of-watchdog"),
    open: () => bridged(async (sinkUrl) => watchEach(pathOf("of-watchdog"), await hostEach(functions, openNotes(), sinkUrl))),
  },
  knative("Knative", async (broker, event) => {
    const { headers, body } = encodeBinary(event);
    const { status } = await fetch(broker.ingress, { method: "POST", headers, body: new Uint8Array(body) });
    if (status !== 202) throw new Error(`the ingress answered ${String(status)}`);
  }),
  knative("Knative from AMQP", (broker, event) => broker.publish(encodeAmqp(event))),
];
