import type { Catalog } from "../../catalog/catalog.ts";
import type { SpanDeclaration } from "../../catalog/span.ts";
import type { AnyEvents } from "../../events/event_map.ts";
import { assertMethod, invalidArgument } from "../../internal/arguments.ts";
import type { Logger } from "../../internal/logger.ts";
import { assertKnownNames } from "../../internal/option_names.ts";
import type { TracerLike } from "../otel_api.ts";
import {
  DEFAULT_OPEN_PAIRS_LIMITS,
  type OpenPairsLimits,
  resolveOpenPairsLimits,
} from "../pairs/limits.ts";
import { assertAttributeName } from "../session_id.ts";
import type { SpanRegistry } from "./span_registry.ts";

/** The options of a `TracingSubscriber`; the defaults are {@linkcode DEFAULT_TRACING_OPTIONS}. */
export interface TracingSubscriberOptions<Events extends object = AnyEvents> {
  /** Where spans are started. */
  readonly tracer: TracerLike;
  /** The declared spans by name: a catalog's `spans`. */
  readonly spans: Catalog<Events>["spans"];
  /** Where the subscriber registers itself as a source of trace contexts. Default: nowhere. */
  readonly registry?: Pick<SpanRegistry, "addSource"> | undefined;
  /**
   * How many spans may wait for their end; beyond that, the oldest expires. An integer of at least
   * 1. Roots that wait for their children are not included, nor are announced operations, of which
   * there may be as many again. Default: 10,000.
   */
  readonly maxOpenPairs?: number | undefined;
  /**
   * How long a span may wait for its end, in milliseconds, above 0, by the bus's clock: what the
   * events' timestamps say does not matter. Default: 600,000, ten minutes.
   */
  readonly maxPairAgeMs?: number | undefined;
  /**
   * Whether a span gets its attributes when it ends, each once, instead of at its start and again
   * at its end: for tracers whose spans keep both, as those of Deno's built-in OpenTelemetry do
   * (2.9). A sampler sees no attributes then. Default: `false`.
   */
  readonly deferAttributes?: boolean | undefined;
  /**
   * The attribute that holds the session of a span that has one, such as OpenTelemetry's
   * `"session.id"`. Default: none does, for it is a long text in each span.
   */
  readonly sessionIdAttribute?: string | undefined;
  /** The attribute that holds the operation id of a span that has one. Default: none does. */
  readonly operationIdAttribute?: string | undefined;
  /**
   * Where expired spans and invalid traceparents are logged, backing off, and, once, that starts of
   * a type overlap without an operation id. Default: `console`.
   */
  readonly logger?: Logger | undefined;
}

/** The defaults of {@linkcode TracingSubscriberOptions}. */
export const DEFAULT_TRACING_OPTIONS: Readonly<{
  maxOpenPairs: number;
  maxPairAgeMs: number;
  deferAttributes: boolean;
}> = Object.freeze({
  ...DEFAULT_OPEN_PAIRS_LIMITS,
  deferAttributes: false,
});

/** Counts of spans. At any time, `started = ended + expired + open`. */
export interface TracingStats {
  /** Spans started. */
  readonly started: number;
  /** Spans ended by their end event. */
  readonly ended: number;
  /** Spans ended with the attribute `busbar.expired`: too many, too old, or open at shutdown. */
  readonly expired: number;
  /** Spans open now, including roots that wait for their children. */
  readonly open: number;
  /** Ends without a start, or whose start had expired. */
  readonly orphanedEnds: number;
  /**
   * Spans without an operation id, started while another one of the same name and session was open:
   * ends are given to the starts in order, which may be wrong.
   */
  readonly ambiguousPairs: number;
  /** Malformed traceparents that were ignored, of starts and of links. */
  readonly invalidTraceparents: number;
  /** Events that are declared to be in a span, and came when it was not open: not yet or no more. */
  readonly orphanedEvents: number;
  /**
   * Names, texts and lists that were cut, for they had more than 16,030 characters or more than 1,000
   * items.
   */
  readonly cutTexts: number;
}

/** Checked options, with the defaults filled in. */
export interface ResolvedTracingOptions<Events extends object> {
  readonly tracer: TracerLike;
  readonly spans: Readonly<Record<string, SpanDeclaration<Events>>>;
  readonly registry: Pick<SpanRegistry, "addSource"> | undefined;
  readonly limits: OpenPairsLimits;
  readonly deferAttributes: boolean;
  readonly sessionIdAttribute: string | undefined;
  readonly operationIdAttribute: string | undefined;
  readonly logger: Logger;
}

const ACTION = "create TracingSubscriber";

/** The names of {@linkcode TracingSubscriberOptions}. */
const NAMES: readonly (keyof TracingSubscriberOptions)[] = [
  "tracer",
  "spans",
  "registry",
  "maxOpenPairs",
  "maxPairAgeMs",
  "deferAttributes",
  "sessionIdAttribute",
  "operationIdAttribute",
  "logger",
];

/** Checks what a user passed and fills in the defaults. */
export function resolveTracingOptions<Events extends object>(
  options: TracingSubscriberOptions<Events>,
): ResolvedTracingOptions<Events> {
  assertKnownNames(ACTION, "option", options, NAMES);
  const {
    tracer,
    spans = {},
    registry,
    deferAttributes = DEFAULT_TRACING_OPTIONS.deferAttributes,
    sessionIdAttribute,
    operationIdAttribute,
    logger = console,
  } = options;
  assertMethod(ACTION, "tracer", tracer, "startSpan");
  if (typeof spans !== "object" || spans === null) {
    invalidArgument(TypeError, ACTION, "spans", "declarations by name", spans);
  }
  if (registry !== undefined) assertMethod(ACTION, "registry", registry, "addSource");
  if (typeof deferAttributes !== "boolean") {
    invalidArgument(TypeError, ACTION, "deferAttributes", "true or false", deferAttributes);
  }
  for (const [name, value] of Object.entries({ sessionIdAttribute, operationIdAttribute })) {
    if (value !== undefined) assertAttributeName(ACTION, name, value);
  }
  assertMethod(ACTION, "logger", logger, "warn");
  const limits = resolveOpenPairsLimits(ACTION, options);
  return {
    tracer,
    spans,
    registry,
    limits,
    deferAttributes,
    sessionIdAttribute,
    operationIdAttribute,
    logger,
  };
}
