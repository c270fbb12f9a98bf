/**
 * Random spans, log records and metrics, as programs make them: from the public calls of
 * OpenTelemetry's API.
 *
 * @module
 */
import {
  type Attributes,
  ROOT_CONTEXT,
  type Span,
  type SpanOptions,
  trace,
  ValueType,
} from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { LoggerProvider, type ReadableLogRecord } from "@opentelemetry/sdk-logs";
import { MeterProvider, MetricReader, type ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { type ReadableSpan, type SpanLimits, TracerProvider } from "@opentelemetry/sdk-trace";
import { BusTracer } from "@busbar/busbar/otel";
import fc from "fast-check";

/** One random thing after the other, from a seed. */
export type Random = <Value>(arbitrary: fc.Arbitrary<Value>) => Value;

/** Where random things come from. */
export function randomFrom(seed: number): Random {
  let next = seed;
  return (arbitrary) => fc.sample(arbitrary, { seed: next++, numRuns: 1 })[0] as never;
}

// Lists as long as their maximum are as likely as short ones.
fc.configureGlobal({ defaultSizeToMaxWhenMaxSpecified: true });

const T0_S = 1_700_000_000;
const time = fc.tuple(
  fc.integer({ min: T0_S, max: T0_S + 1_000 }),
  fc.integer({ min: 0, max: 999_999_999 }),
);
const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "grapheme", maxLength: 20 }),
  fc.string({ minLength: 200, maxLength: 300 }),
);
const key = fc.oneof(fc.constantFrom("a", "b.c", "http.route", "é"), fc.string({ minLength: 1 }))
  // Of which the SDK makes something else.
  .filter((name) => name !== "__proto__");
const scalar = fc.oneof(
  text,
  fc.boolean(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.constantFrom(NaN, Infinity, -Infinity, 0, -0, 2 ** 53, -(2 ** 62)),
);
/** Whatever a program may hand over, also what the types do not allow. */
const value = fc.oneof(
  { arbitrary: scalar, weight: 4 },
  fc.array(text, { maxLength: 4 }),
  fc.array(fc.integer(), { maxLength: 4 }),
  fc.array(fc.double(), { maxLength: 4 }),
  fc.array(fc.boolean(), { maxLength: 4 }),
  fc.array(fc.option(text), { maxLength: 4 }),
  fc.array(scalar, { maxLength: 4 }),
  fc.constantFrom(null, undefined),
  fc.uint8Array({ maxLength: 8 }),
  fc.dictionary(key, scalar, { maxKeys: 3, noNullPrototype: true }),
) as fc.Arbitrary<Attributes[string]>;
const attributes = fc.dictionary(key, value, { maxKeys: 6, noNullPrototype: true });
const someAttributes = fc.option(attributes, { nil: undefined });
const spanContext = fc.record({
  traceId: fc.stringMatching(/^[0-9a-f]{31}[1-9a-f]$/),
  spanId: fc.stringMatching(/^[0-9a-f]{15}[1-9a-f]$/),
  traceFlags: fc.constant(1),
  isRemote: fc.boolean(),
});
const link = fc.record({ context: spanContext, attributes });
const limits: fc.Arbitrary<SpanLimits> = fc.record({
  attributeCountLimit: fc.integer({ min: 0, max: 8 }),
  attributeValueLengthLimit: fc.constantFrom(0, 1, 10, Infinity),
  eventCountLimit: fc.integer({ min: 0, max: 4 }),
  linkCountLimit: fc.integer({ min: 0, max: 4 }),
  attributePerEventCountLimit: fc.integer({ min: 0, max: 4 }),
  attributePerLinkCountLimit: fc.integer({ min: 0, max: 4 }),
}, { requiredKeys: [] });

type Step = (span: Span) => void;
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(key, value).map(([key, value]): Step => (span) => void span.setAttribute(key, value)),
  attributes.map((all): Step => (span) => void span.setAttributes(all)),
  fc.tuple(text, someAttributes, time)
    .map(([name, all, at]): Step => (span) => void span.addEvent(name, all, at)),
  link.map((one): Step => (span) => void span.addLink(one)),
  fc.record({ code: fc.constantFrom(0, 1, 2), message: text })
    .map((status): Step => (span) => void span.setStatus(status)),
  fc.tuple(text, time)
    .map(([message, at]): Step => {
      const error = new TypeError(message);
      return (span) => void span.recordException(error, at);
    }),
  text.map((name): Step => (span) => void span.updateName(name)),
);
const program = fc.record({
  name: text,
  kind: fc.constantFrom(0, 1, 2, 3, 4),
  attributes: someAttributes,
  links: fc.option(fc.array(link, { maxLength: 3 }), { nil: undefined }),
  startTime: time,
  endTime: time,
  own: spanContext,
  parent: fc.option(spanContext, { nil: undefined }),
  steps: fc.array(step, { maxLength: 8 }),
});

/** The resource of a push, by which its items are found again. */
export function resourceOf(push: string, extra: Attributes = {}): Attributes {
  return { ...extra, "service.name": "conformance", push };
}

/**
 * The same spans, as Busbar's tracer and as OpenTelemetry's SDK make them.
 */
export function randomSpans(
  random: Random,
  ours: string,
  official: string,
): [ours: ReadableSpan[], official: ReadableSpan[]] {
  const programs = random(fc.array(program, { minLength: 1, maxLength: 40 }));
  const spanLimits = random(limits);
  const made: [ReadableSpan[], ReadableSpan[]] = [[], []];
  const into = (list: ReadableSpan[]) => ({
    onStart: () => {},
    onEnd: (span: ReadableSpan) => void list.push(span),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  });
  const bus = new BusTracer({
    processor: into(made[0]),
    scopeName: "scope",
    resourceAttributes: resourceOf(ours),
    limits: spanLimits,
  });
  let ids = programs[0]!.own;
  const sdk = new TracerProvider({
    resource: resourceFromAttributes(resourceOf(official)),
    spanProcessors: [into(made[1])],
    spanLimits,
    idGenerator: { generateTraceId: () => ids.traceId, generateSpanId: () => ids.spanId },
  }).getTracer("scope");
  for (const { own, parent, steps, endTime, attributes, links, ...options } of programs) {
    ids = own;
    const context = parent === undefined
      ? ROOT_CONTEXT
      : trace.setSpanContext(ROOT_CONTEXT, parent);
    const given: SpanOptions = {
      kind: options.kind,
      startTime: options.startTime,
      ...(attributes === undefined ? {} : { attributes }),
      ...(links === undefined ? {} : { links }),
    };
    const reserved = { traceId: own.traceId, spanId: own.spanId, traceFlags: 1 };
    for (
      const span of [
        bus.startSpan(options.name, { ...given, reserved }, context),
        sdk.startSpan(options.name, given, context),
      ]
    ) {
      for (const step of steps) step(span as Span);
      span.end(endTime);
    }
  }
  return made;
}

/** Log records of OpenTelemetry's API. */
export function randomLogRecords(random: Random): ReadableLogRecord[] {
  const records: ReadableLogRecord[] = [];
  const provider = new LoggerProvider({
    processors: [{
      onEmit: (record) => void records.push(record),
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    }],
  });
  const logger = provider.getLogger("scope", "1.2.3");
  const record = fc.record({
    timestamp: time,
    observedTimestamp: time,
    severityNumber: fc.integer({ min: 1, max: 24 }),
    severityText: text,
    body: value,
    eventName: text,
    attributes,
    parent: fc.option(spanContext, { nil: undefined }),
  }, { requiredKeys: ["timestamp", "observedTimestamp", "parent"] });
  for (const { parent, ...one } of random(fc.array(record, { minLength: 1, maxLength: 40 }))) {
    const context = parent === undefined
      ? ROOT_CONTEXT
      : trace.setSpanContext(ROOT_CONTEXT, parent);
    logger.emit({ ...one, context } as Parameters<typeof logger.emit>[0]);
  }
  return records;
}

class Reader extends MetricReader {
  protected onForceFlush() {
    return Promise.resolve();
  }
  protected onShutdown() {
    return Promise.resolve();
  }
}

const measured = fc.oneof(fc.double({ min: 0, noNaN: true }), fc.nat(), fc.constantFrom(0, 1e300));
const instrument = fc.record({
  kind: fc.constantFrom("counter", "upDownCounter", "gauge", "histogram"),
  unit: fc.constantFrom("", "s", "By", "{packet}", "1"),
  description: text,
  isInteger: fc.boolean(),
  points: fc.array(fc.tuple(measured, fc.dictionary(key, scalar, { noNullPrototype: true })), {
    maxLength: 20,
  }),
});

/** What a reader collects of instruments of OpenTelemetry's API. */
export async function randomMetrics(random: Random): Promise<ResourceMetrics> {
  const reader = new Reader();
  const provider = new MeterProvider({ readers: [reader] });
  const instruments = random(fc.array(instrument, { minLength: 1, maxLength: 8 }));
  instruments.forEach(({ kind, isInteger, points, unit, description }, i) => {
    const meter = provider.getMeter(`scope ${i % 2}`, "1.0.0");
    const valueType = isInteger ? ValueType.INT : ValueType.DOUBLE;
    const [name, options] = [`metric.${i}`, { unit, description, valueType }];
    const record = kind === "counter"
      ? (value: number, all: Attributes) => meters.counter.add(value, all)
      : kind === "upDownCounter"
      ? (value: number, all: Attributes) => meters.upDown.add(value, all)
      : kind === "gauge"
      ? (value: number, all: Attributes) => meters.gauge.record(value, all)
      : (value: number, all: Attributes) => meters.histogram.record(value, all);
    const meters = {
      get counter() {
        return meter.createCounter(name, options);
      },
      get upDown() {
        return meter.createUpDownCounter(name, options);
      },
      get gauge() {
        return meter.createGauge(name, options);
      },
      get histogram() {
        return meter.createHistogram(name, {
          ...options,
          advice: { explicitBucketBoundaries: [0.1, 1, 10, 1e6] },
        });
      },
    };
    // Integers beyond 64 bits, of which the official exporters make other numbers, are tested elsewhere.
    for (const [value, all] of points) record(isInteger ? Math.trunc(value) % 2 ** 53 : value, all);
  });
  const { resourceMetrics } = await reader.collect();
  await provider.shutdown();
  return resourceMetrics;
}
