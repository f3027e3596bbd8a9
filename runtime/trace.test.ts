import { type Context, type Span, type SpanContext, trace, type Tracer } from "@opentelemetry/api";
import { afterEach, expect, it } from "vitest";
import type { Event } from "../events/define.ts";
import { traced, traceIdOf } from "./trace.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const parent = `00-${traceId}-00f067aa0ba902b7-01`;
const event = (traceparent?: string): Event => ({
  specversion: "1.0",
  id: "1",
  source: "/t",
  type: "t.v1",
  ...(traceparent === undefined ? {} : { traceparent }),
});
const done = { kind: "done" };

afterEach(() => trace.disable());

it("leaves the event as it came where no SDK is registered", async () => {
  let seen: Event | undefined;
  await traced("answer", event(parent), (given) => {
    seen = given;
    return Promise.resolve(done);
  });
  expect(seen).toEqual(event(parent));
});

it("hands on its own span, a child of the one that came", async () => {
  const started: { name: string; parent: SpanContext | undefined; ended: boolean }[] = [];
  const span = (of: { ended: boolean }) =>
    ({
      spanContext: () => ({ traceId, spanId: "1111111111111111", traceFlags: 1 }),
      setStatus: () => undefined,
      end: () => (of.ended = true),
    }) as unknown as Span;
  const tracer = {
    startActiveSpan: (name: string, _options: object, context: Context, work: (span: Span) => unknown) => {
      const of = { name, parent: trace.getSpanContext(context), ended: false };
      started.push(of);
      return work(span(of));
    },
  } as unknown as Tracer;
  trace.setGlobalTracerProvider({ getTracer: () => tracer });
  let seen: Event | undefined;
  await traced("answer", event(parent), (given) => {
    seen = given;
    return Promise.resolve(done);
  });
  expect(seen?.["traceparent"]).toBe(`00-${traceId}-1111111111111111-01`);
  expect(started).toMatchObject([{ name: "answer process", parent: { traceId, spanId: "00f067aa0ba902b7", isRemote: true }, ended: true }]);
});

it.each([undefined, "", "00-0-0-0", `00-${"0".repeat(32)}-00f067aa0ba902b7-01`, "garbage"])(
  "takes %j for no trace",
  async (traceparent) => {
    expect(traceIdOf(event(traceparent))).toBeUndefined();
    expect(await traced("answer", event(traceparent), () => Promise.resolve(done))).toBe(done);
  },
);
