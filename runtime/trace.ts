import {
  isSpanContextValid,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
  createTraceState,
} from "@opentelemetry/api";
import type { Event } from "../events/define.ts";

// W3C Trace Context, section 3.2: version 00; later versions may append fields, which are not ours to read.
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/;

function remoteOf(event: Event): SpanContext | undefined {
  const { traceparent, tracestate } = event;
  if (typeof traceparent !== "string") return undefined;
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  const remote = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  if (!isSpanContextValid(remote)) return undefined;
  return typeof tracestate === "string" ? { ...remote, traceState: createTraceState(tracestate) } : remote;
}

export const traceIdOf = (event: Event): string | undefined => remoteOf(event)?.traceId;

/** Without one a span costs 10 to 15 µs an event and says nothing to anybody. */
function hasSdk(): boolean {
  const provider = trace.getTracerProvider();
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegateTracer("runtime") !== undefined;
}

const traceparentOf = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;

/**
 * Runs `work` in a span `<function> process`, and hands it the event with that span as its `traceparent`, which every event made from it inherits.
 * Without a registered SDK the API does nothing and the event keeps what it came with.
 */
export async function traced<T extends { readonly kind: string; readonly code?: string }>(
  fn: string,
  event: Event,
  work: (event: Event) => Promise<T>,
): Promise<T> {
  if (!hasSdk()) return work(event);
  const remote = remoteOf(event);
  const parent = remote === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, remote);
  const attributes = {
    "messaging.operation.type": "process",
    "messaging.message.id": event.id,
    "cloudevents.event_type": event.type,
    "cloudevents.event_source": event.source,
  };
  return trace.getTracer("runtime").startActiveSpan(`${fn} process`, { kind: SpanKind.CONSUMER, attributes }, parent, async (span) => {
    try {
      const own = span.spanContext();
      const isNew = isSpanContextValid(own) && own.spanId !== remote?.spanId;
      const reply = await work(isNew ? { ...event, traceparent: traceparentOf(own) } : event);
      if (reply.kind === "retry" || reply.kind === "bug") span.setStatus({ code: SpanStatusCode.ERROR, message: reply.code ?? "" });
      return reply;
    } finally {
      span.end();
    }
  });
}
