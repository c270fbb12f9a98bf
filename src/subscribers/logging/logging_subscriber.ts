import { LOG_LEVELS, type LogDeclaration, type LogLevel } from "../../catalog/log.ts";
import { checkCatalog } from "../../catalog/catalog.ts";
import { EventSubscriber } from "../../bus/event_subscriber.ts";
import type { BusEvent } from "../../events/event.ts";
import type { AnyEvents, Subscriptions } from "../../events/event_map.ts";
import {
  type LogRecord,
  SEVERITY_NUMBERS,
  SUPPRESSED_EVENT_TYPE,
  type TraceContext,
} from "./log_record.ts";
import { toLogAttributes } from "./log_values.ts";
import {
  type LoggingOptions,
  type ResolvedLoggingOptions,
  resolveLoggingOptions,
} from "./options.ts";
import { SinkRunner, type SinkStats, toSingleError, writeToAll } from "./sink_runner.ts";
import { type LeftOut, RateLimit } from "./rate_limit.ts";
import { Redaction } from "./redaction.ts";
import { parseTraceparent } from "../tracing/traceparent.ts";

// deno-lint-ignore no-explicit-any -- the catalog's type has checked that it fits its event
type AnyLogDeclaration = LogDeclaration<any>;

/** Counts of a {@linkcode LoggingSubscriber}; they only grow. */
export interface LoggingStats {
  /** Records suppressed by the rate limit, by event type; null-prototype. */
  readonly suppressedByType: Readonly<Record<string, number>>;
  /** What became of the records passed to each sink, in the order of the sinks. */
  readonly sinks: readonly SinkStats[];
}

/** One declared type, made ready. */
interface LoggedType {
  readonly type: string;
  readonly declaration: AnyLogDeclaration;
  readonly redaction: Redaction;
  readonly limit: RateLimit;
}

/**
 * Makes log records from events, as a catalog's `logs` declare them, and passes them to sinks.
 *
 * - **Lazy**: an event type whose level is below `minLevel` is not subscribed to. Records below that
 *   level, or beyond the rate limit, are not built.
 * - **Rate-limited**: each event type has its own limit. Suppressed records are counted in
 *   `stats().suppressedByType` and reported by a summary record: after a second, when the flood is
 *   over, every 2 s, 4 s, 8 s … 60 s while it lasts, and at `flush` and `stop`.
 * - **Redacted**: fields to be redacted are never read.
 * - **Isolated**: failures of a sink are counted in `stats().sinks`, counted and logged by the bus,
 *   and do not affect other sinks.
 *
 * @example
 * ```ts
 * import { EventBus } from "@busbar/busbar";
 * import { declare } from "@busbar/busbar/catalog";
 * import { jsonLinesSink, LoggingSubscriber } from "@busbar/busbar/subscribers";
 *
 * interface ShopEvents {
 *   "checkout.end": { total: number; card: string };
 * }
 * const { catalog } = declare<ShopEvents>();
 * const shop = catalog({
 *   logs: {
 *     "checkout.end": {
 *       level: "info",
 *       body: (event) => `sold for ${event.metadata.total}`,
 *       redact: ["card"],
 *     },
 *   },
 * });
 *
 * const lines: string[] = [];
 * const bus = new EventBus<ShopEvents>().start();
 * bus.registerSubscriber(
 *   new LoggingSubscriber<ShopEvents>({
 *     logs: shop.logs,
 *     sink: jsonLinesSink({ write: (line) => lines.push(line) }),
 *   }),
 * );
 * bus.publish("checkout.end", { total: 42, card: "4711" });
 * await bus.stop();
 * const { body, attributes } = JSON.parse(lines[0] ?? "");
 * if (body !== "sold for 42" || attributes.card !== "[redacted]") throw new Error(lines[0]);
 * ```
 *
 * @typeParam Events The event map, or the part of it that is logged.
 */
export class LoggingSubscriber<Events extends object = AnyEvents> extends EventSubscriber<Events> {
  override readonly name: string = "LoggingSubscriber";
  readonly #options: ResolvedLoggingOptions;
  readonly #minSeverity: number;
  readonly #types: readonly LoggedType[];
  readonly #outlets: readonly SinkRunner[];
  /** Deliveries that nobody but `flush` waits for. */
  readonly #asides = new Set<Promise<void>>();
  /** A failure that the bus has not been told, since none of its calls was under way. */
  #untoldFailure: { error: unknown } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Creates the subscriber; register it with `bus.registerSubscriber`.
   *
   * @throws {TypeError} if an option or a declaration is of the wrong type
   * @throws {RangeError} if a number is out of range
   */
  constructor(options: LoggingOptions<Events>) {
    super();
    this.#options = resolveLoggingOptions(options);
    // Logs that did not come out of a catalog are checked as those that did.
    checkCatalog<Events>({ logs: options.logs });
    const { sinks, minLevel, maxPending } = this.#options;
    this.#outlets = sinks.map((sink) => new SinkRunner(sink, maxPending));
    this.#minSeverity = SEVERITY_NUMBERS[minLevel];
    this.#types = Object.entries<AnyLogDeclaration | undefined>(options.logs ?? {})
      .flatMap(([type, declaration]) =>
        declaration === undefined || this.#neverReached(declaration)
          ? []
          : [this.#prepare(type, declaration)]
      );
  }

  /** A handler for each type that can reach `minLevel`. */
  override getSubscriptions(): Subscriptions<Events> {
    return Object.fromEntries(
      this.#types.map((logged) => [logged.type, (event: BusEvent) => this.#log(logged, event)]),
    ) as unknown as Subscriptions<Events>;
  }

  /** Reports to the bus failures that happened between its calls. */
  override onDrain(): void {
    this.#throwUntoldFailure();
  }

  /** Reports all records left out, and waits for pending ones. */
  override async flush(): Promise<void> {
    this.#tellLeftOut((limit) => limit.tell());
    await Promise.all(this.#asides);
    this.#throwUntoldFailure();
  }

  /** Reports all records left out; async sinks are called but not awaited. */
  override flushSync(): void {
    this.#tellLeftOut((limit) => limit.tell());
    this.#throwUntoldFailure();
  }

  /** The same as `flush`, and stops the timer. */
  override async shutdown(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.flush();
  }

  /** A copy of the counts. */
  stats(): LoggingStats {
    const suppressedByType: Record<string, number> = Object.create(null);
    for (const { type, limit } of this.#types) {
      if (limit.total > 0) suppressedByType[type] = limit.total;
    }
    return { suppressedByType, sinks: this.#outlets.map((outlet) => outlet.stats()) };
  }

  #neverReached({ level }: AnyLogDeclaration): boolean {
    return typeof level === "string" && SEVERITY_NUMBERS[level] < this.#minSeverity;
  }

  #prepare(type: string, declaration: AnyLogDeclaration): LoggedType {
    const { redact, maxPerSecond } = this.#options;
    return {
      type,
      declaration,
      redaction: new Redaction([...redact, ...(declaration.redact ?? [])]),
      limit: new RateLimit(declaration.maxPerSecond ?? maxPerSecond),
    };
  }

  #log(logged: LoggedType, event: BusEvent): Promise<void> | undefined {
    const { declaration, limit } = logged;
    const level: LogLevel = typeof declaration.level === "function"
      ? declaration.level(event)
      : declaration.level;
    const severityNumber = severityOf(event.type, level);
    if (severityNumber < this.#minSeverity) return undefined;
    const { timestamp } = event;
    if (!limit.take(this.#options.clock?.() ?? timestamp, timestamp)) {
      this.#setTimer();
      return undefined;
    }
    return writeToAll(this.#outlets, this.#build(logged, event, level, severityNumber));
  }

  #build(
    { declaration, redaction }: LoggedType,
    event: BusEvent,
    level: LogLevel,
    severityNumber: number,
  ): LogRecord {
    const { attributes, body } = declaration;
    const context: TraceContext | undefined = this.#options.contextOf?.(event) ??
      parseTraceparent(event.traceparent);
    return {
      timestampMs: event.timestamp,
      level,
      severityNumber,
      body: body === undefined ? event.type : String(body(event)),
      attributes: toLogAttributes(
        attributes === undefined ? event.metadata : attributes(event),
        redaction,
      ),
      eventType: event.type,
      sessionId: event.sessionId,
      ...(context === undefined ? {} : {
        traceId: context.traceId,
        spanId: context.spanId,
        traceFlags: context.traceFlags,
      }),
    };
  }

  /** One record for each type that has something to tell, beside the rate limit. */
  #tellLeftOut(ask: (limit: RateLimit) => LeftOut | undefined): void {
    for (const { type, limit } of this.#types) {
      const leftOut = ask(limit);
      if (leftOut === undefined) continue;
      const { count, sinceMs, untilMs } = leftOut;
      this.#deliverAside({
        timestampMs: untilMs,
        level: "warn",
        severityNumber: SEVERITY_NUMBERS.warn,
        body: count === 1
          ? `1 record of ${type} was left out`
          : `${withThousands(count)} records of ${type} were left out`,
        attributes: { eventType: type, leftOut: count, sinceMs },
        eventType: SUPPRESSED_EVENT_TYPE,
        sessionId: "",
      });
    }
  }

  #deliverAside(record: LogRecord): void {
    try {
      const taking = writeToAll(this.#outlets, record);
      if (taking === undefined) return;
      const aside = taking
        .catch((error) => this.#keepFailure(error))
        .finally(() => this.#asides.delete(aside));
      this.#asides.add(aside);
    } catch (error) {
      this.#keepFailure(error);
    }
  }

  #keepFailure(error: unknown): void {
    this.#untoldFailure = {
      error: this.#untoldFailure === undefined
        ? error
        : toSingleError([this.#untoldFailure.error, error]),
    };
  }

  /** Lets the bus count and tell what failed beside its calls. */
  #throwUntoldFailure(): void {
    const failure = this.#untoldFailure;
    if (failure === undefined) return;
    this.#untoldFailure = undefined;
    throw failure.error;
  }

  /** Looks again and again for as long as there is a flood, and once after it. */
  #setTimer(): void {
    if (this.#timer !== undefined) return;
    const timer: unknown = this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#tellLeftOut((limit) => limit.look());
      if (this.#types.some(({ limit }) => limit.flooded)) this.#setTimer();
    }, this.#options.suppressedIntervalMs);
    // Where timers are objects, as in Deno, Node and Bun, this one keeps no process alive.
    (timer as { unref?: () => void }).unref?.();
  }
}

function severityOf(type: string, level: LogLevel): number {
  const severityNumber = Object.hasOwn(SEVERITY_NUMBERS, level)
    ? SEVERITY_NUMBERS[level]
    : undefined;
  if (severityNumber !== undefined) return severityNumber;
  throw new TypeError(
    `Cannot log ${type}: level must be one of ${LOG_LEVELS.join(", ")}, received ${String(level)}`,
  );
}

function withThousands(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}
