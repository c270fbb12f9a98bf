import type { Logger } from "../bus/options.ts";
import type { SpanDeclaration } from "../catalog/span.ts";
import type { AnyEvents } from "../events/event_map.ts";
import type { Tracer } from "./otel_api.ts";
import type { SpanRegistry } from "./span_registry.ts";

/** The options of a `TracingSubscriber`. */
export interface TracingSubscriberOptions<Events extends object = AnyEvents> {
  /** Where spans are started. */
  readonly tracer: Tracer;
  /** The declared spans by name: `catalog.spans`. */
  readonly spans: Readonly<Record<string, SpanDeclaration<Events>>>;
  /** Where others learn to which span an event belongs. Default: nobody does. */
  readonly registry?: SpanRegistry;
  /**
   * How many spans may wait for their end; one more and the oldest expires. Roots that wait for the
   * work under them come on top of it, as do announced operations, as many again. Default:
   * `DEFAULT_MAX_OPEN_PAIRS`, 10,000.
   */
  readonly maxOpenSpans?: number;
  /**
   * How long a span may wait for its end, in milliseconds, by the events' timestamps. Default:
   * `DEFAULT_MAX_PAIR_AGE_MS`, ten minutes.
   */
  readonly maxSpanAgeMs?: number;
  /**
   * Whether a span is told its attributes when it ends, each once, rather than at its start and
   * again at its end: for tracers whose spans keep both, as those of Deno's own OpenTelemetry do
   * (2.9). A sampler sees none then. Default: `false`.
   */
  readonly attributesAtEnd?: boolean;
  /** Where expired spans and invalid traceparents are told, backing off. Default: `console`. */
  readonly logger?: Logger;
}

/** What became of the spans: `started = ended + expired + open`, at any time. */
export interface TracingCounts {
  /** Spans started. */
  readonly started: number;
  /** Spans ended by their end event. */
  readonly ended: number;
  /** Spans ended with the mark `busbar.expired`: too many, too old, or open at the shutdown. */
  readonly expired: number;
  /** Ends that came without a start, or after it had expired. */
  readonly orphanedEnds: number;
  /** Traceparents ignored because they are none. */
  readonly invalidTraceparents: number;
  /** Spans that are open. */
  readonly open: number;
}
