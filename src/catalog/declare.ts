import type { AnyEvents, EventOf, EventTypeOf } from "../events/event_map.ts";
import type { EventAttributes } from "./attributes.ts";
import { type Catalog, checkCatalog } from "./catalog.ts";
import type { OperationId } from "./declaration.ts";
import {
  declareDuration,
  declareEventMetric,
  declareReadGauge,
  declareThroughput,
} from "./declare_metric.ts";
import type { AnyEvent } from "./declaration.ts";
import type { EventMetric, InstrumentKind, PairMetric, ReadMetric } from "./metric.ts";
import type {
  CounterOptions,
  DurationOptions,
  GaugeOptions,
  HistogramOptions,
  ReadGaugeOptions,
  ThroughputOptions,
} from "./metric_options.ts";
import { declareEventSpan } from "./event_span.ts";
import { declareSpan, type SpanDeclaration, type SpanDeclarationOptions } from "./span.ts";

/**
 * What {@linkcode declare} returns: functions that know the event map. They need no `this`, so they
 * can be taken out of it. Each returns plain data, and creates nothing; each refuses a name of an
 * option that does not exist, and takes an option that is `undefined` for absent.
 *
 * Metrics that count or record single events take one event type or a list of them. Durations,
 * throughputs and spans take two: their events are matched by session and `operationId`.
 */
export interface Declarations<Events extends object = AnyEvents> {
  /**
   * Puts declarations together. A name in it that is misspelt, a declaration that is invalid, and
   * metrics that would have the same name in a scrape are refused.
   *
   * @example
   * ```ts
   * import { declare } from "@busbar/busbar/catalog";
   *
   * const { catalog, counter, span } = declare<{
   *   "mail.start": { to: string };
   *   "mail.end": { bytes: number };
   * }>();
   * const mail = catalog({
   *   events: { "mail.end": { description: "A mail was sent" } },
   *   metrics: { "mail.sent": counter("mail.end") },
   *   spans: { mail: span("mail.start", "mail.end") },
   *   logs: { "mail.end": { level: "info" } },
   * });
   * if (mail.metrics?.["mail.sent"]?.kind !== "counter") throw new Error("not a counter");
   * ```
   *
   * @throws {TypeError} if a section, a name or a declaration is invalid, or if two metrics would
   * have the same name in a scrape
   */
  readonly catalog: (sections: Catalog<Events>) => Catalog<Events>;

  /**
   * Declares a counter: each event adds 1, or what `value` returns, which must be at least 0.
   *
   * @example
   * ```ts
   * import { declare } from "@busbar/busbar/catalog";
   *
   * const { counter } = declare<{ "cache.read": { keys: string[]; hit: boolean } }>();
   * const keys = counter("cache.read", {
   *   value: (event) => event.metadata.keys.length,
   *   attributes: (event) => ({ hit: event.metadata.hit }),
   * });
   * if (keys.kind !== "counter") throw new Error("not a counter");
   * ```
   *
   * @example An event that holds counts by tenant, and a series that is there from the start on
   * ```ts
   * import { declare } from "@busbar/busbar/catalog";
   *
   * const { counter } = declare<{
   *   "store.start": { keysByTenant: Record<string, number> };
   *   "store.end": { keysByTenant: Record<string, number> };
   * }>();
   * const stored = counter("store.end", {
   *   counts: { attribute: "tenant", of: (event) => event.metadata.keysByTenant },
   *   zeroAt: "store.start",
   * });
   * if (stored.types.join() !== "store.end,store.start") throw new Error("not both");
   * ```
   *
   * @example Series that are there, with 0, before the first event
   * ```ts
   * import { declare } from "@busbar/busbar/catalog";
   *
   * const { counter } = declare<{ "order": { status: "ok" | "declined" } }>();
   * const orders = counter("order", {
   *   attributes: (event) => ({ status: event.metadata.status }),
   *   attributeValues: { status: ["ok", "declined"] },
   * });
   * if (orders.initialAttributes.length !== 2) throw new Error("not two");
   * ```
   *
   * @throws {TypeError} if an event type or an option is invalid
   */
  readonly counter: <
    Type extends EventTypeOf<Events>,
    ZeroType extends EventTypeOf<Events> = never,
  >(
    types: Type | readonly Type[],
    options?: CounterOptions<EventOf<Events, Type>, ZeroType, EventOf<Events, ZeroType>>,
  ) => EventMetric<Events>;

  /**
   * Declares an up-down counter: each event adds 1, or what `value` returns, which may be negative.
   *
   * @example
   * ```ts
   * import { declare } from "@busbar/busbar/catalog";
   *
   * const { upDownCounter } = declare<{ "socket.open": undefined; "socket.close": undefined }>();
   * const open = upDownCounter(["socket.open", "socket.close"], {
   *   value: (event) => event.type === "socket.open" ? 1 : -1,
   * });
   * if (open.kind !== "upDownCounter") throw new Error("not an up-down counter");
   * ```
   *
   * @throws {TypeError} if an event type or an option is invalid
   */
  readonly upDownCounter: <
    Type extends EventTypeOf<Events>,
    ZeroType extends EventTypeOf<Events> = never,
  >(
    types: Type | readonly Type[],
    options?: CounterOptions<EventOf<Events, Type>, ZeroType, EventOf<Events, ZeroType>>,
  ) => EventMetric<Events>;

  /**
   * Declares a gauge: it shows the value of the last event; or, with `read` alone, what that returns
   * whenever metrics are collected.
   *
   * @example
   * ```ts
   * import { declare } from "@busbar/busbar/catalog";
   *
   * const { gauge } = declare<{ "pool.resized": { size: number } }>();
   * const size = gauge("pool.resized", { value: (event) => event.metadata.size });
   * if (size.kind !== "gauge") throw new Error("not a gauge");
   * ```
   *
   * @example Read at the scrape
   * ```ts
   * import { declare } from "@busbar/busbar/catalog";
   *
   * const waiting = new Map([["high", 3], ["low", 14]]);
   * const { gauge } = declare();
   * const length = gauge({
   *   read: () => [...waiting].map(([priority, value]) => ({ value, attributes: { priority } })),
   *   unit: "{job}",
   * });
   * if (length.source !== "read") throw new Error("not read");
   * ```
   *
   * @throws {TypeError} if an event type or an option is invalid
   */
  readonly gauge: {
    <Type extends EventTypeOf<Events>>(
      types: Type | readonly Type[],
      options: GaugeOptions<EventOf<Events, Type>>,
    ): EventMetric<Events>;
    (options: ReadGaugeOptions): ReadMetric<Events>;
  };

  /**
   * Declares a histogram: it records the distribution of values over buckets.
   *
   * @example
   * ```ts
   * import { declare } from "@busbar/busbar/catalog";
   *
   * const { histogram } = declare<{ "upload": { bytes: number } }>();
   * const size = histogram("upload", {
   *   value: (event) => event.metadata.bytes,
   *   unit: "By",
   *   buckets: [1_024, 65_536, 1_048_576],
   * });
   * if (size.kind !== "histogram") throw new Error("not a histogram");
   * ```
   *
   * @throws {TypeError} if an event type or an option is invalid
   */
  readonly histogram: <Type extends EventTypeOf<Events>>(
    types: Type | readonly Type[],
    options: HistogramOptions<EventOf<Events, Type>>,
  ) => EventMetric<Events>;

  /**
   * Declares a histogram of the time between a start and an end event, by the events' own
   * timestamps.
   *
   * @example
   * ```ts
   * import { declare } from "@busbar/busbar/catalog";
   *
   * const { duration } = declare<{
   *   "query.start": { table: string };
   *   "query.end": { rows: number };
   * }>();
   * const time = duration("query.start", "query.end", {
   *   attributes: (_end, start) => ({ table: start.metadata.table }),
   * });
   * if (time.unit !== "s") throw new Error("not in seconds");
   * ```
   *
   * @throws {TypeError} if an event type or an option is invalid
   */
  readonly duration: <Start extends EventTypeOf<Events>, End extends EventTypeOf<Events>>(
    start: Start,
    end: End,
    options?: DurationOptions<EventOf<Events, Start>, EventOf<Events, End>>,
  ) => PairMetric<Events>;

  /**
   * Declares a histogram of bytes per second between a start and an end event. A pair whose
   * timestamps are equal is ignored and counted.
   *
   * @example
   * ```ts
   * import { declare } from "@busbar/busbar/catalog";
   *
   * const { throughput } = declare<{
   *   "upload.start": undefined;
   *   "upload.end": { bytes: number };
   * }>();
   * const speed = throughput("upload.start", "upload.end", {
   *   bytes: (end) => end.metadata.bytes,
   *   unit: "By/s",
   * });
   * if (speed.unit !== "By/s") throw new Error("not in bytes a second");
   * ```
   *
   * @throws {TypeError} if an event type or an option is invalid
   */
  readonly throughput: <Start extends EventTypeOf<Events>, End extends EventTypeOf<Events>>(
    start: Start,
    end: End,
    options: ThroughputOptions<EventOf<Events, Start>, EventOf<Events, End>>,
  ) => PairMetric<Events>;

  /**
   * Declares a span that lasts from a start event to an end event.
   *
   * @example
   * ```ts
   * import { declare } from "@busbar/busbar/catalog";
   *
   * const { span } = declare<{
   *   "request.start": { route: string };
   *   "request.end": { status: number };
   * }>();
   * const request = span("request.start", "request.end", {
   *   root: true,
   *   kind: "server",
   *   error: (end) => end.metadata.status >= 500 ? `status ${end.metadata.status}` : undefined,
   * });
   * if (!request.root) throw new Error("not a root");
   * ```
   *
   * @throws {TypeError} if an event type or an option is invalid
   */
  readonly span: <Start extends EventTypeOf<Events>, End extends EventTypeOf<Events>>(
    start: Start,
    end: End,
    options?: SpanDeclarationOptions<Events, EventOf<Events, Start>, EventOf<Events, End>>,
  ) => SpanDeclaration<Events>;

  /**
   * Declares a span that one event says all of: it ends at the event's timestamp and took `durationMs`,
   * or there are several, with times of their own.
   *
   * @example
   * ```ts
   * import { declare } from "@busbar/busbar/catalog";
   *
   * const { eventSpan } = declare<{ "query.done": { table: string; tookMs: number } }>();
   * const query = eventSpan("query.done", {
   *   kind: "client",
   *   durationMs: (event) => event.metadata.tookMs,
   *   attributes: (event) => ({ "db.collection.name": event.metadata.table }),
   * });
   * if (query.start !== query.end) throw new Error("not of one event");
   * ```
   *
   * @throws {TypeError} if the event type or an option is invalid
   */
  readonly eventSpan: <Type extends EventTypeOf<Events>>(
    type: Type,
    options?:
      & Pick<
        SpanDeclarationOptions<Events, EventOf<Events, Type>, EventOf<Events, Type>>,
        "operationId" | "parent" | "kind" | "name" | "attributes" | "error" | "links" | "exception"
      >
      & {
        /**
         * How long it took, in milliseconds, up to the event's timestamp. What is no number above 0 is
         * 0. Default: 0, a span of no length.
         */
        readonly durationMs?: ((event: EventOf<Events, Type>) => number | undefined) | undefined;
        /**
         * The spans that the event says all of, in place of one that ends at its timestamp: each with
         * its times, in milliseconds since the epoch, and, where they are not those of the event, its
         * operation, which of the parents is its own, and its attributes. One whose times are no
         * numbers of at least 0, or that ends before it begins, is left out. Default: that one.
         */
        readonly parts?:
          | ((event: EventOf<Events, Type>) =>
            | readonly {
              readonly startTimeMs: number;
              readonly endTimeMs: number;
              readonly operationId?: OperationId;
              readonly parent?: string | undefined;
              readonly attributes?: EventAttributes | undefined;
            }[]
            | undefined)
          | undefined;
        /**
         * Whether it is reported afterwards: its parent is the span of that name with its operation
         * id, in any session, also one that has ended; of each name as many are known as may wait for
         * their end. Without one no span is made, and the event counts as orphaned. Default: `false`.
         */
        readonly afterwards?: boolean | undefined;
        /** What is left at a shutdown of parts that wait for another event. Default: none. */
        readonly partsLeft?: NonNullable<SpanDeclaration<Events>["whole"]>["partsLeft"];
      },
  ) => SpanDeclaration<Events>;
}

/** The functions for any event map, whose types only their signatures above know. */
const DECLARATIONS = Object.freeze({
  catalog: checkCatalog,
  counter: eventMetric("counter"),
  upDownCounter: eventMetric("upDownCounter"),
  gauge: declareGauge,
  histogram: eventMetric("histogram"),
  duration: declareDuration,
  throughput: declareThroughput,
  span: declareSpan,
  eventSpan: declareEventSpan,
}) satisfies Record<keyof Declarations, unknown>;

function eventMetric(kind: InstrumentKind) {
  return (types: string | readonly string[], options?: Parameters<typeof declareEventMetric>[2]) =>
    declareEventMetric(kind, types, options);
}

/** What has no event types is read. */
function declareGauge(
  types: string | readonly string[] | ReadGaugeOptions,
  options?: GaugeOptions<AnyEvent>,
) {
  const isRead = typeof types === "object" && types !== null && !Array.isArray(types) &&
    options === undefined;
  return isRead
    ? declareReadGauge(types as ReadGaugeOptions)
    : declareEventMetric("gauge", types as string | readonly string[], options);
}

/**
 * Returns the functions that declare what the events of one event map become. A wrong event type or
 * metadata field does not compile, wherever the declaration stands.
 *
 * @example
 * ```ts
 * import { declare } from "@busbar/busbar/catalog";
 *
 * interface ShopEvents {
 *   "checkout.start": { cart: string };
 *   "checkout.end": { total: number; status: "ok" | "declined" };
 * }
 *
 * const { catalog, counter, duration, span } = declare<ShopEvents>();
 * const shop = catalog({
 *   metrics: {
 *     "shop.checkouts": counter("checkout.end", {
 *       attributes: (event) => ({ status: event.metadata.status }),
 *     }),
 *     "shop.checkout.duration": duration("checkout.start", "checkout.end"),
 *   },
 *   spans: { checkout: span("checkout.start", "checkout.end") },
 *   logs: { "checkout.end": { level: "info" } },
 * });
 * if (shop.metrics?.["shop.checkouts"]?.kind !== "counter") throw new Error("not a counter");
 * ```
 *
 * @typeParam Events The event map. Without one, any type and any metadata will do.
 */
export function declare<Events extends object = AnyEvents>(): Declarations<Events> {
  return DECLARATIONS as unknown as Declarations<Events>;
}
