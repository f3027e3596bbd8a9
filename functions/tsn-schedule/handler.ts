import { carryOutRequest } from "../../domain/tsn/domain.ts";
import { OrderExecuted, OrderFailed, OrderPlaced } from "../../events/order.ts";
import { TsnInfeasible, TsnRefused, TsnRequested, TsnScheduled, TsnUndecided } from "../../events/tsn.ts";
import { defineFunction, only, type Received } from "../../runtime/function.ts";
import { openEffects } from "../../state/effects.ts";
import { openTsn, type TsnStore } from "../../state/tsn.ts";
import { carryingOut, type Executioner } from "../executioner.ts";
import { keep, tsnAdaptor } from "./adaptor.ts";
import { withChange } from "./orders.ts";
import { askedBy, scheduledEvent, unplacedEvent } from "./tell.ts";

const name = "tsn-schedule";
const executioner = "tsn";

const adaptor: Executioner["adaptor"] = ({ schedules }) => tsnAdaptor(schedules as TsnStore);
const orders = carryingOut(name, adaptor);

const fn = defineFunction({
  name,
  summary: "Schedules time-sensitive streams, on request or as orders of intents.",
  on: [TsnRequested, only(OrderPlaced, { executioner })],
  emits: [TsnScheduled, TsnInfeasible, TsnUndecided, TsnRefused, OrderExecuted, OrderFailed],
  // A search has a core for itself; and two on one domain would throw one result away.
  concurrency: 1,
  timeoutMs: 60_000,
  resources: { schedules: openTsn, effects: openEffects },

  async handle(event, scope) {
    const { schedules } = scope.resources;
    if (isOrder(event)) return withChange(event, schedules, () => orders.handle(event, scope));
    const request = TsnRequested.data.parse(event.data);
    const asked = askedBy(request);
    const from = { source: `/mncc/${name}`, subject: request.domain, cause: event };
    if (request.operation === "plan" && request.network !== undefined) await schedules.putNetwork(request.domain, request.network);
    const [network, standing] = await Promise.all([schedules.network(request.domain), schedules.get(request.domain)]);
    // Delivered again: it was carried out, and perhaps nobody heard of it.
    if (standing?.request === event.id) return [scheduledEvent(from, asked, standing)];
    const carried = carryOutRequest({ network, standing }, request);
    if (!carried.ok) {
      const { code, reason } = carried;
      return [TsnRefused.make({ ...from, data: { domain: request.domain, operation: request.operation, code, reason } })];
    }
    const { verdict, after } = carried.value;
    if (after === undefined) return [unplacedEvent(from, asked, verdict)];
    await keep(schedules, { ...after, request: event.id });
    return [scheduledEvent(from, asked, after)];
  },

  settled: async (event, scope) => {
    if (isOrder(event)) await orders.settled(event, scope);
  },
  exhausted: (event, fault) => {
    if (isOrder(event)) return orders.exhausted(event, fault);
    const { domain, operation } = TsnRequested.data.parse(event.data);
    return [TsnRefused.make({ source: `/mncc/${name}`, subject: domain, cause: event, data: { domain, operation, ...fault } })];
  },
});

type Order = Parameters<typeof orders.handle>[0];
const isOrder = (event: Received<unknown>): event is Order => event.type === OrderPlaced.type;

export default { ...fn, executioner, adaptor } satisfies Executioner;
