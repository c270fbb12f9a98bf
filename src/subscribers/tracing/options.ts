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
  readonly registry?: SpanRegistry | undefined;
  /**
   * How many spans may wait for their end; beyond that, the oldest expires. An integer of at least 1.
   * Roots that wait for their children are not included, nor are announced operations, of which there
   * may be as many again. Default: 10,000.
   */
  readonly maxOpenPairs?: number | undefined;
  /**
   * How long a span may wait for its end, in milliseconds, above 0, by the events' timestamps.
   * Default: 600,000, ten minutes.
   */
  readonly maxPairAgeMs?: number | undefined;
  /**
   * Whether a span gets its attributes when it ends, each once, instead of at its start and again at
   * its end: for tracers whose spans keep both, as those of Deno's built-in OpenTelemetry do (2.9).
   * A sampler sees no attributes then. Default: `false`.
   */
  readonly deferAttributes?: boolean | undefined;
  /**
   * The attribute that holds the session of a span that has one. Default:
   * `DEFAULT_SESSION_ID_ATTRIBUTE`, `"session.id"`.
   */
  readonly sessionIdAttribute?: string | undefined;
  /** Where expired spans and invalid traceparents are logged, backing off. Default: `console`. */
  readonly logger?: Logger | undefined;
}

/** Counts of spans. At any time, `started = ended + expired + open`. */
export interface TracingStats {
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
