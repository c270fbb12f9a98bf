import type { Logger } from "../../internal/logger.ts";
import type { SpanDeclaration } from "../../catalog/span.ts";
import type { AnyEvents } from "../../events/event_map.ts";
import type { TracerLike } from "../otel_api.ts";
import type { SpanRegistry } from "./span_registry.ts";

/** The options of a `TracingSubscriber`. */
export interface TracingSubscriberOptions<Events extends object = AnyEvents> {
  /** Where spans are started. */
  readonly tracer: TracerLike;
  /** The declared spans by name: `catalog.spans`. */
  readonly spans: Readonly<Record<string, SpanDeclaration<Events>>>;
  /** Where the subscriber registers itself as a source of trace contexts. Default: nowhere. */
  readonly registry?: SpanRegistry;
  /**
   * How many spans may wait for their end. Beyond that, the oldest expires. Roots that wait for their
   * children are not included, nor are announced operations, of which there may be as many again.
   * Default:
   * `DEFAULT_MAX_OPEN_PAIRS`, 10,000.
   */
  readonly maxOpenSpans?: number;
  /**
   * How long a span may wait for its end, in milliseconds, by the events' timestamps. Default:
   * `DEFAULT_MAX_PAIR_AGE_MS`, ten minutes.
   */
  readonly maxSpanAgeMs?: number;
  /**
   * Whether a span gets its attributes when it ends, each once, instead of at its start and again at
   * its end: for tracers whose spans keep both, as those of Deno's built-in OpenTelemetry do (2.9).
   * A sampler sees no attributes then. Default: `false`.
   */
  readonly deferAttributes?: boolean;
  /** Where expired spans and invalid traceparents are logged, backing off. Default: `console`. */
  readonly logger?: Logger;
}

/** Counts of spans. At any time, `started = ended + expired + open`. */
export interface TracingCounts {
  /** Spans started. */
  readonly started: number;
  /** Spans ended by their end event. */
  readonly ended: number;
  /** Spans ended with the attribute `busbar.expired`: too many, too old, or open at shutdown. */
  readonly expired: number;
  /** Ends without a start, or whose start had expired. */
  readonly orphanedEnds: number;
  /** Malformed traceparents that were ignored. */
  readonly invalidTraceparents: number;
  /** Spans open now. */
  readonly open: number;
}
