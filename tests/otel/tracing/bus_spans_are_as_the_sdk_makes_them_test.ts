import {
  type Attributes,
  type Context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanStatus,
  type SpanStatusCode,
  type TimeInput,
  trace,
} from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
  SamplingDecision,
  type SpanLimits,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { BusTracer, type TracerLike } from "@busbar/busbar/otel";
import { assert, assertEquals } from "@std/assert";
import fc, { fieldName, runs } from "../../support/properties.ts";

const T0_S = 1_700_000_000;

const PARENT: SpanContext = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  traceFlags: 1,
  isRemote: true,
};

/** What can be done to a span. */
type Step =
  | readonly ["setAttribute", string, Attributes[string]]
  | readonly ["setAttributes", Attributes]
  | readonly ["addEvent", string, Attributes | undefined, [number, number]]
  | readonly ["addLink", Link]
  | readonly ["setStatus", SpanStatus]
  | readonly ["recordException", string | Error, [number, number]]
  | readonly ["updateName", string]
  | readonly ["end", TimeInput];

const time = fc.tuple(
  fc.integer({ min: T0_S - 2, max: T0_S + 2 }),
  fc.integer({ min: 0, max: 999_999_999 }),
);
const key = fc.constantFrom("a", "b", "c", "d", "valueOf");
const value = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.array(fc.string({ maxLength: 12 }), { maxLength: 3 }),
  fc.array(fc.integer(), { maxLength: 3 }),
  fc.constant(undefined),
);
const attributes: fc.Arbitrary<Attributes> = fc.dictionary(key, value, { noNullPrototype: true });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fc.constant("setAttribute" as const), key, value),
  fc.tuple(fc.constant("setAttributes" as const), attributes),
  fc.tuple(fc.constant("addEvent" as const), key, fc.option(attributes, { nil: undefined }), time),
  fc.tuple(
    fc.constant("addLink" as const),
    fc.record({ context: fc.constant(PARENT), attributes }),
  ),
  fc.tuple(
    fc.constant("setStatus" as const),
    fc.record({ code: fc.constantFrom<SpanStatusCode[]>(0, 1, 2), message: fc.string() }, {
      requiredKeys: ["code"],
    }),
  ),
  fc.tuple(
    fc.constant("recordException" as const),
    fc.oneof(fc.string({ minLength: 1 }), fc.string().map((message) => new TypeError(message))),
    time,
  ),
  fc.tuple(fc.constant("updateName" as const), fc.string()),
  fc.tuple(
    fc.constant("end" as const),
    fc.oneof(time, time.map(([seconds]) => new Date(seconds * 1_000))),
  ),
);
const limits: fc.Arbitrary<SpanLimits> = fc.record({
  attributeCountLimit: fc.integer({ min: 0, max: 3 }),
  attributeValueLengthLimit: fc.constantFrom(3, Infinity),
  linkCountLimit: fc.integer({ min: 0, max: 2 }),
  eventCountLimit: fc.integer({ min: 0, max: 2 }),
  attributePerEventCountLimit: fc.integer({ min: 0, max: 2 }),
  attributePerLinkCountLimit: fc.integer({ min: 0, max: 2 }),
}, { requiredKeys: [] });

function run(span: Span, steps: readonly Step[]): void {
  for (const [method, ...args] of steps) {
    (span[method] as (...args: readonly unknown[]) => unknown).apply(span, args);
  }
  span.end([T0_S + 3, 0]);
}

/** All that is known of a span, but for its identifiers. */
function shown(span: ReadableSpan) {
  const { traceFlags, traceState } = span.spanContext();
  return {
    name: span.name,
    kind: span.kind,
    traceFlags,
    traceState,
    parent: span.parentSpanContext,
    startTime: span.startTime,
    endTime: span.endTime,
    duration: span.duration,
    ended: span.ended,
    status: span.status,
    attributes: span.attributes,
    // Of an event without attributes, the SDK says nothing.
    events: span.events.map(({ name, time, attributes = {}, droppedAttributesCount = 0 }) => [
      name,
      time,
      attributes,
      droppedAttributesCount,
    ]),
    links: span.links.map(({ context, attributes, droppedAttributesCount }) => [
      context,
      attributes,
      droppedAttributesCount,
    ]),
    resource: span.resource.attributes,
    scope: span.instrumentationScope.name,
    dropped: [span.droppedAttributesCount, span.droppedEventsCount, span.droppedLinksCount],
  };
}

class Collecting implements SpanProcessor {
  readonly spans: ReadableSpan[] = [];
  /** The parents in the contexts that spans began in. */
  readonly parents: (string | undefined)[] = [];
  onStart(_span: Span, context: Context): void {
    this.parents.push(trace.getSpanContext(context)?.spanId);
  }
  onEnd(span: ReadableSpan): void {
    this.spans.push(span);
  }
  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}
}

function tracers(options: { limits?: SpanLimits; sampler?: Sampler } = {}) {
  const theirs = new Collecting();
  const own = new Collecting();
  const resourceAttributes = { "service.name": "shop" };
  const provider = new TracerProvider({
    resource: resourceFromAttributes(resourceAttributes),
    spanProcessors: [theirs],
    ...(options.limits && { spanLimits: options.limits }),
    ...(options.sampler && { sampler: options.sampler }),
  });
  const sdk: TracerLike = provider.getTracer("test");
  const ours: TracerLike = new BusTracer({
    processor: own,
    scopeName: "test",
    resourceAttributes,
    ...options,
  });
  return {
    sdk,
    ours,
    theirs: theirs.spans,
    own: own.spans,
    theirParents: theirs.parents,
    ownParents: own.parents,
  };
}

Deno.test("any span is the one that the SDK's tracer would have made", () => {
  fc.assert(
    fc.property(attributes, fc.array(step, { maxLength: 30 }), limits, (given, steps, limits) => {
      const { sdk, ours, theirs, own } = tracers({ limits });
      const startTime: [number, number] = [T0_S, 5];
      for (const tracer of [sdk, ours]) {
        const options = { kind: SpanKind.SERVER, startTime, attributes: given };
        run(tracer.startSpan("work", options, ROOT_CONTEXT), steps);
      }
      assertEquals(own.map(shown), theirs.map(shown));
    }),
    runs(500),
  );
});

Deno.test("a sampler is asked what the SDK's tracer would ask it, and obeyed alike", () => {
  const unsampled = { ...PARENT, traceFlags: 0 };
  const contexts: readonly Context[] = [
    ROOT_CONTEXT,
    trace.setSpanContext(ROOT_CONTEXT, PARENT),
    trace.setSpanContext(ROOT_CONTEXT, unsampled),
    trace.setSpanContext(ROOT_CONTEXT, { ...PARENT, isRemote: false }),
    trace.setSpanContext(ROOT_CONTEXT, { ...PARENT, spanId: "0000000000000000" }),
  ];
  const recordOnly: Sampler = {
    shouldSample: (_context, _traceId, name, kind, { a }) => ({
      decision: SamplingDecision.RECORD,
      attributes: { asked: `${name} ${kind} ${a}` },
    }),
    toString: () => "record only",
  };
  const samplers = [
    new AlwaysOnSampler(),
    new AlwaysOffSampler(),
    new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    new ParentBasedSampler({ root: new AlwaysOffSampler() }),
    new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(0) }),
    recordOnly,
  ];
  for (const sampler of samplers) {
    for (const context of contexts) {
      for (const root of [false, true]) {
        const { sdk, ours, theirParents, ownParents } = tracers({ sampler });
        const [theirs, own] = [sdk, ours].map((tracer) => {
          const options = { root, startTime: [T0_S, 0] as [number, number], attributes: { a: 1 } };
          const span = tracer.startSpan("work", options, context);
          const { traceId, traceFlags } = span.spanContext();
          return {
            isRecording: span.isRecording(),
            traceFlags,
            inTrace: traceId === PARENT.traceId,
            attributes: (span as Partial<ReadableSpan>).attributes,
            parent: (span as Partial<ReadableSpan>).parentSpanContext,
          };
        });
        assertEquals(own, theirs, `${sampler}`);
        assertEquals(ownParents, theirParents, `${sampler}`);
      }
    }
  }
});

Deno.test("every span has identifiers of its own, and says no more once it has ended", () => {
  const { ours, own } = tracers();
  const seen = new Set<string>();
  for (let i = 0; i < 1_000; i++) {
    const span = ours.startSpan("work");
    const { traceId, spanId } = span.spanContext();
    assert(/^[0-9a-f]{32}$/.test(traceId) && /^[0-9a-f]{16}$/.test(spanId));
    seen.add(traceId).add(spanId);
    span.end();
    run(span, [["setAttribute", "late", 1], ["updateName", "late"], ["setStatus", { code: 2 }]]);
    span.addEvent("late").addLink({ context: PARENT }).end();
  }
  assertEquals(seen.size, 2_000);
  assertEquals(own.length, 1_000);
  assert(
    own.every(({ name, status, attributes, events, links }) =>
      name === "work" && status.code === 0 &&
      Object.keys(attributes).length + events.length + links.length === 0
    ),
  );
});

// opentelemetry.io/docs/specs/otel/common, "AnyValue" and "Attribute Limits"
Deno.test("anything that the SDK keeps of attributes is kept, and what is left out counted as there", () => {
  const value = fc.oneof(
    fc.anything({ key: fieldName }),
    fc.uint8Array({ maxLength: 5 }),
    fc.array(fc.oneof(fc.string(), fc.integer(), fc.constant(null)), { maxLength: 3 }),
    fc.constantFrom(null, 1n, Symbol("s"), new Date(0), /x/, {}, { a: { b: [1, "x"] } }),
  ) as fc.Arbitrary<Attributes[string]>;
  const odd = fc.dictionary(
    fc.oneof(fc.constantFrom("", "a", "b"), fieldName),
    value,
    { maxKeys: 5, noNullPrototype: true },
  );
  const bounds = fc.record({
    attributeCountLimit: fc.integer({ min: 0, max: 4 }),
    attributeValueLengthLimit: fc.constantFrom(0, -1, 1, 3, Infinity),
    attributePerEventCountLimit: fc.integer({ min: 0, max: 4 }),
    attributePerLinkCountLimit: fc.integer({ min: 0, max: 4 }),
  });
  fc.assert(
    fc.property(odd, odd, bounds, (initial, later, limits) => {
      const { ours, sdk, own, theirs } = tracers({ limits });
      for (const tracer of [ours, sdk]) {
        const links = [{ context: PARENT, attributes: later }];
        const span = tracer.startSpan("work", { attributes: initial, links });
        span.setAttributes(later).addEvent("seen", later).end();
      }
      const [[one], [other]] = [own, theirs] as [[ReadableSpan], [ReadableSpan]];
      assertEquals(one.attributes, other.attributes);
      assertEquals(one.droppedAttributesCount, other.droppedAttributesCount);
      const of = ({ events: [event], links: [link] }: ReadableSpan) =>
        [event, link].map((held) => [held?.attributes, held?.droppedAttributesCount ?? 0]);
      assertEquals(of(one), of(other));
    }),
    runs(300),
  );
});

Deno.test("what is no attribute is left out, and counted where the SDK counts it", () => {
  const { ours, own } = tracers();
  const around: Record<string, unknown> = {};
  around["within"] = { around };
  const odd = { fine: 1, object: {}, mixed: [1, "a"], big: 1n, symbol: Symbol("s"), around };
  const span = ours.startSpan("work", { attributes: odd as never });
  span.setAttribute("__proto__", "x").setAttribute("", "x").end();
  const [{ attributes, droppedAttributesCount }] = own as [ReadableSpan];
  assertEquals({ attributes, droppedAttributesCount }, {
    attributes: { fine: 1, object: {}, mixed: [1, "a"] },
    droppedAttributesCount: 3,
  });
});
