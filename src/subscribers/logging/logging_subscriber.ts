import { clearTimer, monotonicMs, setTimer, type Timer } from "../../internal/clocks.ts";
import type { LogDeclaration, LogLevel } from "../../catalog/log.ts";
import { checkCatalog } from "../../catalog/catalog.ts";
import { EventSubscriber } from "../../bus/event_subscriber.ts";
import type { BusEvent } from "../../events/event.ts";
import type { AnyEvents, Subscriptions } from "../../events/event_map.ts";
import { invalidArgument } from "../../internal/arguments.ts";
import type { CutCount } from "../../internal/bounded_values.ts";
import { toSingleError } from "../../internal/collected_errors.ts";
import { inNeutralContext, REQUESTS_ARE_APART } from "../../internal/neutral_context.ts";
import { isEcho } from "../../internal/reporting.ts";
import { unref } from "../../internal/timers.ts";
import { buildRecord, type RecordSource, severityOf } from "./build_record.ts";
import { assertLevel, MinLevels } from "./levels.ts";
import { type LogRecord, SEVERITY_NUMBERS } from "./log_record.ts";
import {
  type LoggingStats,
  type LoggingSubscriberOptions,
  type ResolvedLoggingOptions,
  resolveLoggingOptions,
} from "./options.ts";
import { flushAll, SEVERAL_FAILED, SinkRunner, writeToAll } from "./sink_runner.ts";
import { LossReport, summaryOf } from "./losses.ts";
import { RateLimit, type Suppressed } from "./rate_limit.ts";
import { Redaction } from "./redaction.ts";
import { SessionSampling } from "./session_sampling.ts";

// deno-lint-ignore no-explicit-any -- the catalog's type has checked that it fits its event
type AnyLogDeclaration = LogDeclaration<any>;

/** After what time a shutdown that a sink holds up says what is lost if nobody waits for it. */
const LATE_MS = 1_000;

/** One declared type, made ready. */
interface LoggedType extends RecordSource {
  readonly type: string;
  readonly limit: RateLimit;
}

/**
 * Makes log records from events, as a catalog's `logs` declare them, and passes them to sinks.
 *
 * - **Lazy**: an event type whose level is below `minLevel` is not subscribed to. Records below
 *   that level, or beyond the rate limit, are not built. The level may change at run time, also of one type.
 * - **Sampled**, where that is wanted: of a session all records are written, or none below `warn`.
 * - **Rate-limited**: each event type has its own limit, which records of `warn` and above do not
 *   know. Suppressed records are counted in `stats().suppressedByType` and reported by a summary record: after a second, when the flood is
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
  /**
   * Its name in counts and warnings, which survives minification. A subclass has the same, unless it
   * says another: `override readonly name = "OwnLogging";`.
   */
  override readonly name: string = "LoggingSubscriber";
  readonly #options: ResolvedLoggingOptions<Events>;
  readonly #levels: MinLevels;
  readonly #sampling: SessionSampling;
  readonly #types: readonly LoggedType[];
  readonly #runners: readonly SinkRunner[];
  readonly #lossReport: LossReport;
  /** A failure that the bus does not know, since none of its calls was under way. */
  #pendingFailure: { error: unknown } | undefined;
  #timer: Timer | undefined;
  /** Whether it is set, or about to be, and since when. */
  #isPolling = false;
  #pollingSinceMs = 0;
  #echoes = 0;
  #unsampled = 0;
  /** Those that it was registered for; `undefined` before that, and once it was shut down. */
  #subscribed: readonly LoggedType[] | undefined;
  readonly #cuts: CutCount = { cut: 0 };
  /** Those under way. */
  #flushes = 0;

  /**
   * Creates the subscriber; register it with `bus.registerSubscriber`.
   *
   * @throws {TypeError} if an option or a declaration is of the wrong type
   * @throws {RangeError} if a number is out of range
   */
  constructor(options: LoggingSubscriberOptions<Events>) {
    super();
    this.#options = resolveLoggingOptions(options);
    // Logs that did not come out of a catalog are checked as those that did.
    checkCatalog<Events>({ logs: options.logs });
    const { sinks, minLevel, maxPending, logger } = this.#options;
    this.#lossReport = new LossReport(logger);
    this.#runners = sinks.map((sink) => new SinkRunner(sink, maxPending, logger));
    this.#levels = new MinLevels(minLevel);
    this.#sampling = new SessionSampling(this.#options.sessionSampleRatio);
    this.#types = Object.entries<AnyLogDeclaration | undefined>(options.logs ?? {})
      .flatMap(([type, declaration]) =>
        declaration === undefined ? [] : [this.#prepare(type, declaration)]
      );
  }

  /** A handler for each type that can reach its level at that moment. */
  override getSubscriptions(): Subscriptions<Events> {
    const reached = this.#types.filter((logged) => this.#isReached(logged));
    this.#subscribed = reached;
    return Object.fromEntries(
      reached.map((logged) => [logged.type, (event: BusEvent) => this.#log(logged, event)]),
    ) as unknown as Subscriptions<Events>;
  }

  /**
   * Changes from which level on records are built, from now on.
   *
   * @param level `undefined` for the level of `minLevel`; of a type, for that of the others
   * @param type the type that it is changed for. Default: all that have none of their own
   * @returns whether it is subscribed to other types than it would be now: it has to be registered
   * again for that, as `CatalogSubscription.setLogLevel` does
   * @throws {TypeError} if the level is none, or the type is not declared to be logged
   */
  setMinLevel(level: LogLevel | undefined, type?: string): boolean {
    assertLevel("set the log level", "level", level);
    if (type !== undefined && !this.#types.some((logged) => logged.type === type)) {
      invalidArgument(TypeError, "set the log level", "type", "one that is logged", type);
    }
    this.#levels.set(level, type);
    return this.#subscribed !== undefined &&
      this.#types.some((logged) => this.#isReached(logged) !== this.#subscribed?.includes(logged));
  }

  /** Reports to the bus failures that happened between its calls. */
  override onDrain(): void {
    this.#throwPendingFailure();
  }

  /** Reports all suppressed records, waits for pending ones, and has the sinks pass on what they hold. */
  override async flush(): Promise<void> {
    this.#flushes++;
    try {
      this.#reportSuppressed((limit) => limit.flush());
      await flushAll(this.#runners);
    } catch (error) {
      this.#addFailure(error);
    }
    this.#flushes--;
    this.#throwPendingFailure();
  }

  /**
   * Reports all suppressed records and what was lost so far, and has the sinks pass on what they can;
   * async ones are called but not awaited.
   */
  override flushSync(): void {
    this.#reportSuppressed((limit) => limit.flush());
    for (const runner of this.#runners) {
      try {
        runner.flushSync();
      } catch (error) {
        this.#addFailure(error);
      }
    }
    this.#lossReport.update(this.stats(), this.#runners);
    this.#throwPendingFailure();
  }

  /** The same as `flush`, stops the timer, and reports what was lost until then. */
  override async shutdown(): Promise<void> {
    this.#subscribed = undefined;
    clearTimer(this.#timer);
    this.#isPolling = false;
    const reportLosses = () => this.#lossReport.update(this.stats(), this.#runners);
    let late: Timer | undefined;
    // A flush that is under way still has run out of its time, and this one may not end either.
    if (this.#flushes > 0) reportLosses();
    else unref(late = setTimer(reportLosses, LATE_MS));
    try {
      await this.flush();
    } finally {
      clearTimer(late);
      reportLosses();
    }
  }

  /** A copy of the counts. */
  stats(): LoggingStats {
    const suppressedByType: Record<string, number> = Object.create(null);
    for (const { type, limit } of this.#types) {
      if (limit.total > 0) suppressedByType[type] = limit.total;
    }
    return {
      suppressedByType,
      echoes: this.#echoes,
      unsampledRecords: this.#unsampled,
      cutTexts: this.#cuts.cut,
      sinks: this.#runners.map((runner) => runner.stats()),
    };
  }

  #isReached({ type, declaration: { level } }: LoggedType): boolean {
    return typeof level !== "string" || SEVERITY_NUMBERS[level] >= this.#levels.of(type);
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
    if (isEcho(event)) {
      this.#echoes++;
      throw new Error("it was published by a logger or a sink, and would be logged for ever");
    }
    const { declaration, limit } = logged;
    const level: LogLevel = typeof declaration.level === "function"
      ? declaration.level(event)
      : declaration.level;
    const severityNumber = severityOf(event.type, level);
    if (severityNumber < this.#levels.of(event.type)) return undefined;
    const errors: unknown[] = [];
    // What tells of trouble is not lost behind what does not.
    if (severityNumber < SEVERITY_NUMBERS.warn) {
      if (!this.#sampling.keeps(event.sessionId)) {
        this.#unsampled++;
        return undefined;
      }
      if (!this.#allow(limit, event, errors)) {
        this.#setTimer();
        if (errors.length > 0) throw errors[0];
        return undefined;
      }
    }
    const { contextOf } = this.#options;
    const context = { contextOf, cuts: this.#cuts };
    const record = buildRecord(event, { level, severityNumber }, logged, context, errors);
    return writeToAll(this.#runners, record, errors);
  }

  #allow(limit: RateLimit, { timestamp }: BusEvent, errors: unknown[]): boolean {
    const { clock } = this.#options;
    if (clock === undefined) return limit.allow(timestamp, timestamp);
    try {
      return limit.allow(clock(), timestamp);
    } catch (error) {
      errors.push(error);
      return limit.allow(timestamp, timestamp);
    }
  }

  /** One record for each type that has something to report; no rate limit applies to it. */
  #reportSuppressed(read: (limit: RateLimit) => Suppressed | undefined): void {
    for (const { type, limit } of this.#types) {
      const suppressed = read(limit);
      if (suppressed === undefined) continue;
      this.#writeInBackground(summaryOf(type, suppressed));
    }
  }

  #writeInBackground(record: LogRecord): void {
    try {
      writeToAll(this.#runners, record)?.catch((error) => this.#addFailure(error));
    } catch (error) {
      this.#addFailure(error);
    }
  }

  #addFailure(error: unknown): void {
    this.#pendingFailure = {
      error: this.#pendingFailure === undefined
        ? error
        : toSingleError([this.#pendingFailure.error, error], SEVERAL_FAILED),
    };
  }

  /** Lets the bus count and log what failed outside its calls. */
  #throwPendingFailure(): void {
    const failure = this.#pendingFailure;
    if (failure === undefined) return;
    this.#pendingFailure = undefined;
    throw failure.error;
  }

  /** Polls for as long as there is a flood, and once after it, in no publisher's context. */
  #setTimer(): void {
    const { suppressedIntervalMs } = this.#options;
    // A request may have ended with its timer.
    const isLost = REQUESTS_ARE_APART &&
      monotonicMs() - this.#pollingSinceMs > suppressedIntervalMs;
    if (this.#isPolling && !isLost) return;
    this.#isPolling = true;
    this.#pollingSinceMs = monotonicMs();
    inNeutralContext(() => {
      // It may have been shut down since then.
      if (!this.#isPolling) return;
      clearTimer(this.#timer);
      try {
        unref(this.#timer = setTimer(this.#poll, suppressedIntervalMs));
      } catch {
        // Some runtimes have no timers while a module is evaluated: the next record tries again.
        this.#isPolling = false;
      }
    });
  }

  readonly #poll = (): void => {
    this.#isPolling = false;
    this.#reportSuppressed((limit) => limit.poll());
    if (this.#types.some(({ limit }) => limit.flooded)) this.#setTimer();
  };
}
