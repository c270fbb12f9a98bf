import type { Span } from "@opentelemetry/api";
import { EventSubscriber } from "../../bus/event_subscriber.ts";
import type { AnyEvent } from "../../catalog/declaration.ts";
import type { BusEvent } from "../../events/event.ts";
import type { AnyEvents, Subscriptions } from "../../events/event_map.ts";
import { toHrTime } from "../hr_time.ts";
import type { SpanContext, SpanOptions, TracerLike } from "../otel_api.ts";
import { provideSpanSourceWeakly, type SpanSource } from "../../internal/span_source.ts";
import type { SubscriptionContext } from "../../library/event_subscriber.ts";
import { AmbiguousPairs } from "../pairs/ambiguous_pairs.ts";
import { Expiry } from "../pairs/expiry.ts";
import { operationIdOf } from "../pairs/open_pairs.ts";
import { PairsGroup } from "../pairs/pairs_group.ts";
import { Announcements } from "./announcements.ts";
import { describeEnd, describeNothing, describeStart } from "./describe_span.ts";
import { reasonOf, recordFailure } from "./failure.ts";
import { KeptError } from "./kept_error.ts";
import { KeptParents } from "./kept_parents.ts";
import { OpenSpans } from "./open_spans.ts";
import { type Announced, Operations } from "./operations.ts";
import {
  resolveTracingOptions,
  type TracingStats,
  type TracingSubscriberOptions,
} from "./options.ts";
import { SPAN_KINDS } from "./span_kinds.ts";
import { type NamedSpan, namedSpans, OpenSpan } from "./session_spans.ts";
import { addAttributes } from "./span_attributes.ts";
import { SpanEnds } from "./span_ends.ts";
import { addSpanEvent } from "./span_events.ts";
import { SpanFinder } from "./span_finder.ts";
import { startSpan } from "./start_span.ts";
import { handlersOf } from "./steps.ts";
import { TracingReports } from "./tracing_reports.ts";
import { WaitingRoots } from "./waiting_roots.ts";
import { WholeSpans } from "./whole_spans.ts";

const NO_ATTRIBUTES = Object.freeze({});

/** What a subscriber tells operations of its spans; on the bus it is found by. */
export let spanSourceOfSubscriber: (subscriber: object) => SpanSource;

/**
 * Makes spans from start and end events, as a catalog declares them.
 *
 * - A span begins and ends at the timestamps of its events, no matter when they are handled.
 * - Its parent is the open span of its session that its declaration names as `parent` (the one with
 *   the same operation id, or else the one opened last), else that of the `operation` that it was
 *   published in, else the session's root, else the span in the start event's `traceparent`. A
 *   root's parent is the span in its `traceparent`. The provider's sampler sees the parent's sampling
 *   decision.
 * - A session's root ends when its own end and those of all its children have arrived, at the
 *   latest of these times, or, with `rootEnd: "own"`, at that of its own. What is given up, and has
 *   no end, is closed by the events that its declaration names (`closedBy`).
 * - An `eventSpan` is made when its event is handled.
 * - Its name is the one that it is declared under, unless its declaration's `name` says another.
 * - Its attributes are those of the start and the end event; its session and its operation id only
 *   if `sessionIdAttribute` and `operationIdAttribute` ask for them. Its events, links and exceptions
 *   are those that its declaration names; an event that comes when it is not open is counted
 *   (`orphanedEvents`) and logged.
 * - What is open is bounded by count and age: a span expires when it has waited too long by the
 *   bus's clock, with or without traffic, whatever the events' timestamps say. It is ended at that
 *   time with the attribute `busbar.expired`, counted and logged. `flush` ends no others; `shutdown`
 *   expires all that are open.
 * - Two spans of one declaration and session that are open at the same time need operation ids, or
 *   their ends are given to them in order: such starts are counted as ambiguous, and logged once.
 * - If a function of the catalog throws, the span only lacks what it would have returned; without
 *   its operation id, though, an event cannot be placed and is ignored. The bus counts the
 *   exception under this subscriber's name.
 *
 * @example
 * ```ts
 * import { EventBus } from "@busbar/busbar";
 * import { declare } from "@busbar/busbar/catalog";
 * import { TracingSubscriber } from "@busbar/busbar/subscribers";
 * import { trace } from "npm:@opentelemetry/api@1.10.0";
 *
 * interface ShopEvents {
 *   "checkout.start": { cart: string };
 *   "checkout.end": { total: number };
 * }
 *
 * const { span } = declare<ShopEvents>();
 * const bus = new EventBus<ShopEvents>().start();
 * const tracing = new TracingSubscriber<ShopEvents>({
 *   tracer: trace.getTracer("shop"),
 *   spans: { checkout: span("checkout.start", "checkout.end") },
 * });
 * bus.registerSubscriber(tracing);
 * bus.publish("checkout.start", { cart: "7" }, { sessionId: "a" });
 * bus.publish("checkout.end", { total: 12.5 }, { sessionId: "a" });
 * await bus.stop();
 * if (tracing.stats().ended !== 1) throw new Error("no span");
 * ```
 */
export class TracingSubscriber<Events extends object = AnyEvents> extends EventSubscriber<Events> {
  /**
   * Its name in counts and warnings, which survives minification. A subclass has the same, unless it
   * says another: `override readonly name = "OwnTracing";`.
   */
  override readonly name: string = "TracingSubscriber";
  readonly #tracer: TracerLike;
  readonly #named: readonly NamedSpan[];
  readonly #deferAttributes: boolean;
  readonly #sessionIdAttribute: string | undefined;
  readonly #operationIdAttribute: string | undefined;
  readonly #open: OpenSpans;
  readonly #operations: Operations;
  readonly #waiting: WaitingRoots;
  readonly #announced: Announcements;
  readonly #finder: SpanFinder;
  readonly #ambiguous: AmbiguousPairs;
  readonly #expiry: Expiry;
  readonly #reports: TracingReports;
  readonly #ends: SpanEnds;
  readonly #kept: KeptParents;
  readonly #whole: WholeSpans;
  #started = 0;
  /** Takes back that operations are told of it. */
  #provided: Disposable | undefined;
  readonly #thrown = new KeptError();
  /** The event handled last and the span it belongs to, for the registry. */
  #event: BusEvent | undefined;
  #eventSpan: Span | undefined;

  static {
    spanSourceOfSubscriber = (subscriber) => {
      const operations = (subscriber as TracingSubscriber).#operations;
      operations.reserves = true;
      return operations;
    };
  }

  /**
   * Creates the subscriber; register it with `bus.registerSubscriber`.
   *
   * @throws {TypeError} if an option is unknown or of the wrong type
   * @throws {RangeError} if a limit is out of range
   */
  constructor(options: TracingSubscriberOptions<Events>) {
    super();
    const resolved = resolveTracingOptions(options);
    const { spans, limits, logger } = resolved;
    this.#tracer = resolved.tracer;
    this.#deferAttributes = resolved.deferAttributes;
    this.#sessionIdAttribute = resolved.sessionIdAttribute;
    this.#operationIdAttribute = resolved.operationIdAttribute;
    this.#named = namedSpans(spans);
    const group = new PairsGroup();
    this.#open = new OpenSpans(this.#named, group, {
      ...limits,
      onExpire: (open) => this.#thrown.guard(() => this.#expire(open)),
    });
    const { maxOpenPairs } = limits;
    this.#operations = new Operations(this.#tracer, this.#named, this.#open, maxOpenPairs);
    this.#waiting = new WaitingRoots(this.#named);
    this.#ends = new SpanEnds(this.#open, this.#operations, this.#waiting);
    this.#kept = new KeptParents(maxOpenPairs);
    this.#announced = new Announcements(this.#named, group, {
      ...limits,
      onExpire: (root) => this.#thrown.guard(() => this.#ends.release(root, this.#expiry.now())),
    });
    this.#finder = new SpanFinder({
      named: this.#named,
      open: this.#open,
      operations: this.#operations,
      waiting: this.#waiting,
      announced: this.#announced,
    });
    this.#ambiguous = new AmbiguousPairs(logger);
    const pairs = [this.#announced.pairs, this.#open.pairs];
    this.#expiry = new Expiry(group, pairs, () => this.#report());
    this.#reports = new TracingReports(logger, () => this.name);
    this.#whole = new WholeSpans({
      tracer: this.#tracer,
      finder: this.#finder,
      kept: this.#kept,
      reports: this.#reports,
      sessionIdAttribute: this.#sessionIdAttribute,
      operationIdAttribute: this.#operationIdAttribute,
    });
    resolved.registry?.addSource((event) => this.#contextOf(event));
  }

  /** A copy of the counts. */
  stats(): TracingStats {
    const { open, expired, orphaned } = this.#open.pairs.stats();
    return {
      started: this.#started + this.#whole.count,
      ended: this.#ends.count + this.#whole.count,
      expired,
      open: open + this.#waiting.count,
      orphanedEnds: orphaned,
      ambiguousPairs: this.#ambiguous.count,
      invalidTraceparents: this.#reports.invalidTraceparents,
      orphanedEvents: this.#reports.orphanedEvents,
      cutTexts: this.#reports.cut,
    };
  }

  /**
   * What identifies the open span of an operation, or else of a session: its root, or the span opened
   * last. `undefined` if none is open: a span is from when its start has been handled, that of an
   * `operation` with a `BusTracer` from its beginning.
   *
   * @param operationId the operation that its events have as their id
   */
  spanContext(sessionId: string, operationId: string = ""): SpanContext | undefined {
    return this.#finder.contextOf(sessionId, operationId);
  }

  /** A handler for each type that some declared span names. */
  override getSubscriptions(context?: SubscriptionContext): Subscriptions<Events> {
    // A bus of another copy of the package may give none.
    if (context !== undefined) this.#expiry.now = context.now;
    // One that is registered by hand does not know its bus: operations of all buses announce themselves.
    if (!this.#operations.reserves) this.#provided ??= provideSpanSourceWeakly(this.#operations);
    return handlersOf(this.#named, {
      fail: (named, event) => this.#fail(named, event),
      addEvent: (named, event) => this.#addEvent(named, event),
      close: (named, event) => this.#ends.close(named, event),
      end: (named, event) => this.#end(named, event),
      open: (named, event) => this.#openRoot(named, event),
      announce: (named, event) => this.#announce(named, event),
      start: (named, event) => this.#start(named, event),
      addWhole: (named, event) => this.#remember(event, this.#whole.add(named, event)),
    }) as unknown as Subscriptions<Events>;
  }

  /** Expires spans whose end is overdue, if the slice has started some. */
  override onDrain(): void {
    this.#expiry.endSlice();
    this.#report();
    this.#thrown.rethrow();
  }

  /** Expires spans whose end is overdue; other open spans stay open. */
  override flush(): void {
    this.#expiry.expire();
    this.#report();
    this.#thrown.rethrow();
  }

  /** Ends the spans that are open, marked as expired. */
  override shutdown(): void {
    this.#expiry.stop();
    this.#provided?.[Symbol.dispose]();
    this.#provided = undefined;
    this.#thrown.guard(() => this.#whole.addLeft(this.#named, this.#expiry.now()));
    this.#announced.pairs.expireAll();
    this.#open.pairs.expireAll();
    this.#report();
    this.#thrown.rethrow();
  }

  #report(): void {
    this.#reports.update(this.#open.pairs.expired, this.#expiry.now);
  }

  #openRoot(named: NamedSpan, event: AnyEvent): void {
    if (this.#open.session(event.sessionId)?.newestOf(named.name) !== undefined) return;
    this.#start(named, event, true);
  }

  /** The start of a root that is open already. */
  #startAgain(open: OpenSpan, event: AnyEvent): void {
    const { named: { declaration }, span, attributes } = open;
    if (!open.awaitsStart) return this.#ambiguous.add(declaration.start, this.name);
    open.awaitsStart = false;
    this.#remember(event, span);
    const thrown = addAttributes(attributes ?? span, declaration, event, this.#reports);
    if (thrown !== undefined) throw thrown.error;
  }

  #start(named: NamedSpan, event: AnyEvent, awaitsStart = false): void {
    const { declaration } = named;
    if (declaration.openedBy?.length && !awaitsStart) {
      const open = this.#open.session(event.sessionId)?.newestOf(named.name);
      // One that only waits for its work is that of an earlier request.
      if (open !== undefined && open.endedAtMs === undefined) return this.#startAgain(open, event);
    }
    const reports = this.#reports;
    const operationId = operationIdOf(declaration, event);
    const operation = this.#operations.take(named, event);
    const parent = this.#finder.parentOf(named, operationId, event, operation);
    const described = awaitsStart ? describeNothing(named) : describeStart(named, event, reports);
    const { attributes, links, linked, thrown } = described;
    reports.invalidTraceparents += described.invalidLinks;
    attributes.setId(this.#sessionIdAttribute, event.sessionId, reports);
    attributes.setId(this.#operationIdAttribute, operationId, reports);
    const options: SpanOptions & Pick<Announced, "reserved"> = {
      kind: SPAN_KINDS[declaration.kind],
      startTime: toHrTime(event.timestamp),
      attributes: this.#deferAttributes ? NO_ATTRIBUTES : attributes.attributes,
      reserved: operation?.reserved,
      links,
    };
    const where = { event, parent, named, operation };
    const span = startSpan(this.#tracer, described.name, options, where, reports);
    // Nothing has changed until here, should the tracer throw.
    const root = parent?.named.declaration.root ? parent : parent?.root;
    if (root !== undefined) root.heldBy++;
    const open = new OpenSpan({
      operationId,
      named,
      span,
      // Looked for only now: the tracer may have had other events delivered.
      session: this.#open.sessionFor(event.sessionId),
      root,
      timestamp: event.timestamp,
      attributes: this.#deferAttributes ? attributes : undefined,
      linked,
    });
    open.awaitsStart = awaitsStart;
    const overlaps = this.#open.add(open);
    if (named.isKept && operationId !== "") {
      const { sessionId } = event;
      this.#kept.add(named.name, operationId, { context: span.spanContext(), sessionId });
    }
    if (operation !== undefined) this.#operations.add(event.operationId, operation, open);
    this.#started++;
    if (overlaps && operationId === "") this.#ambiguous.add(declaration.start, this.name);
    this.#endAnnouncement(named, operationId, event);
    this.#remember(event, span);
    if (thrown !== undefined) throw thrown.error;
  }

  #end(named: NamedSpan, event: AnyEvent): void {
    const { declaration } = named;
    const operationId = operationIdOf(declaration, event);
    const open = this.#open.close(named, operationId, event.sessionId);
    if (open === undefined) {
      // What was announced has ended without a start: it holds nothing open any more.
      this.#endAnnouncement(named, operationId, event);
      return;
    }
    const { span } = open;
    this.#remember(event, span);
    let thrown: { readonly error: unknown } | undefined;
    if (span.isRecording()) {
      const unsaid = describeEnd(open, event, this.#reports);
      this.#reports.invalidTraceparents += unsaid.invalidLinks;
      thrown = unsaid.thrown;
    }
    this.#ends.end(open, event.timestamp);
    if (thrown !== undefined) throw thrown.error;
  }

  #fail(named: NamedSpan, event: AnyEvent): void {
    const open = this.#finder.spanOf(named, event);
    if (open === undefined) return;
    this.#remember(event, open.span);
    recordFailure(open.span, event, reasonOf(event), this.#reports);
  }

  #addEvent(named: NamedSpan, event: AnyEvent): void {
    const open = this.#finder.spanOf(named, event);
    if (open === undefined) {
      this.#reports.orphanedEvents++;
      this.#reports.lastOrphaned = event.type;
      return;
    }
    this.#remember(event, open.span);
    const thrown = addSpanEvent(open.span, named.declaration, event, this.#reports);
    if (thrown !== undefined) throw thrown.error;
  }

  #announce(named: NamedSpan, event: AnyEvent): void {
    const root = this.#finder.rootFor(named, event);
    if (root === undefined) return;
    root.heldBy++;
    this.#announced.add(named, event, root);
    this.#remember(event, root.span);
  }

  #endAnnouncement(named: NamedSpan, operationId: string, event: AnyEvent): void {
    const root = this.#announced.remove(named, operationId, event);
    if (root !== undefined) this.#ends.release(root, event.timestamp);
  }

  #expire(open: OpenSpan): void {
    this.#reports.lastExpired = open.named.name;
    try {
      open.span.setAttribute("busbar.expired", true);
    } finally {
      this.#ends.finish(open, Math.max(this.#expiry.now(), open.lastEndMs));
    }
  }

  #remember(event: BusEvent, span: Span | undefined): void {
    if (span === undefined) return;
    this.#event = event;
    this.#eventSpan = span;
  }

  #contextOf(event: BusEvent): SpanContext | undefined {
    if (event === this.#event) return this.#eventSpan?.spanContext();
    return this.#finder.innermost(event)?.span.spanContext();
  }
}
