import type * as api from "@opentelemetry/api";

/** A meter of the OpenTelemetry API: where instruments are created. */
export type Meter = api.Meter;
/** A counter of the OpenTelemetry API. */
export type Counter = api.Counter;
/** A histogram of the OpenTelemetry API. */
export type Histogram = api.Histogram;
/** Attributes of the OpenTelemetry API: what distinguishes the series of one instrument. */
export type Attributes = api.Attributes;
/** What the OpenTelemetry API calls at each collection. */
export type BatchObservableCallback = api.BatchObservableCallback;
/** A meter provider of the OpenTelemetry API. */
export type ApiMeterProvider = api.MeterProvider;
/** A tracer of the OpenTelemetry API: where spans are started. */
export type Tracer = api.Tracer;
/** What starts spans: a tracer of the OpenTelemetry API is one, a `BusTracer` another. */
export type TracerLike = Pick<Tracer, "startSpan">;
/** A span of the OpenTelemetry API. */
export type Span = api.Span;
/** What a span's parent is looked for in. */
export type Context = api.Context;
/** How a span starts. */
export type SpanOptions = api.SpanOptions;
/** What identifies a span, within a process and between processes. */
export type SpanContext = api.SpanContext;
/** A logger of the OpenTelemetry API: where log records are emitted. */
export type OtelLogger = api.Logger;
