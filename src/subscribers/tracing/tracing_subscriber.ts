import type { Context, Span } from "@opentelemetry/api";
import { ROOT_CONTEXT, SpanKind, trace } from "@opentelemetry/api";
import { Backoff } from "../../internal/backoff.ts";
import { EventSubscriber } from "../../bus/event_subscriber.ts";
import type { Logger } from "../../internal/logger.ts";
import type { AnyEvent, OperationId } from "../../catalog/declaration.ts";
import type { BusEvent } from "../../events/event.ts";
import type { AnyEvents, Subscriptions } from "../../events/event_map.ts";
import { markFailed, reasonOf, recordFailure } from "./failure.ts";
import { toHrTime } from "../hr_time.ts";
import { resolveOpenPairsLimits } from "../pairs/limits.ts";
import { OpenPairs, pairKey, type PairLane } from "../pairs/open_pairs.ts";
import type { SpanContext, TracerLike } from "../otel_api.ts";
import { DEFAULT_SESSION_ID_ATTRIBUTE } from "../session_id.ts";
import { type NamedSpan, OpenSpan, SessionSpans } from "./session_spans.ts";
import { addAttributes, NewAttributes } from "./span_attributes.ts";
import { parseTraceparent } from "./traceparent.ts";
import type { TracingStats, TracingSubscriberOptions } from "./options.ts";

/** An operation that was announced: it holds its session's root open until it starts. */
interface Announced {
  readonly timestamp: number;
  readonly root: OpenSpan;
}

/** For sessions of which nothing is known. */
const NOTHING: PairLane = new Map();

const NO_ATTRIBUTES = Object.freeze({});

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};

/**
 * Makes spans from start and end events, as a catalog declares them.
 *
 * - A span begins and ends at the timestamps of its events, no matter when they are handled.
 * - Its parent is the open span of its session that its declaration names as `parent` (the one with
 *   the same operation id, or else the one opened last), else the session's root, else the span in
 *   the start event's `traceparent`. A root's parent is the span in its `traceparent`. The provider's
 *   sampler sees the parent's sampling decision.
 * - A session's root ends when its own end and those of all its children have arrived, at the latest
 *   of these times.
 * - Its attributes are those of the start and the end event, and its session, if there is one, as `sessionIdAttribute`.
 * - What is open is bounded by count and age. A span that expires is ended with the attribute
 *   `busbar.expired`, counted and logged. `flush` ends no spans; `shutdown` expires those that are
 *   open.
 * - If a function of the catalog throws, the span only lacks what it would have returned; without
 *   its operation id, though, an event cannot be placed and is left out. The bus counts the
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
  override readonly name: string = "TracingSubscriber";
  readonly #tracer: TracerLike;
  readonly #named: readonly NamedSpan[];
  readonly #byName = new Map<string, NamedSpan>();
  readonly #deferAttributes: boolean;
  readonly #sessionIdAttribute: string;
  readonly #logger: Logger;
  readonly #pairs: OpenPairs<OpenSpan>;
  readonly #announced: OpenPairs<Announced>;
  readonly #sessions = new Map<string, SessionSpans>();
  readonly #tellExpired = new Backoff();
  readonly #tellInvalid = new Backoff();
  #started = 0;
  #ended = 0;
  #waitingRoots = 0;
  #invalidTraceparents = 0;
  #expiredTold = 0;
  #invalidTold = 0;
  #lastExpired = "";
  /** The latest event's timestamp: the only clock here. */
  #now = 0;
  /** The event handled last and the span it belongs to, for the registry. */
  #event: BusEvent | undefined;
  #eventSpan: Span | undefined;

  /**
   * Creates the subscriber; register it with `bus.registerSubscriber`.
   *
   * @throws {RangeError} if a limit is out of range
   */
  constructor(options: TracingSubscriberOptions<Events>) {
    super();
    const {
      tracer,
      spans,
      registry,
      deferAttributes = false,
      sessionIdAttribute = DEFAULT_SESSION_ID_ATTRIBUTE,
      logger = console,
    } = options;
    this.#tracer = tracer;
    this.#deferAttributes = deferAttributes;
    this.#sessionIdAttribute = sessionIdAttribute;
    this.#logger = logger;
    const parents = new Set(Object.values(spans).map(({ parent }) => parent));
    this.#named = Object.entries(spans).map(([name, declaration], index) => ({
      name,
      declaration,
      indexed: parents.has(name) || declaration.failedBy.length > 0,
      index,
    }));
    for (const named of this.#named) this.#byName.set(named.name, named);
    const limits = resolveOpenPairsLimits("create TracingSubscriber", options);
    this.#pairs = new OpenPairs({ ...limits, onExpire: (open) => this.#expire(open) });
    this.#announced = new OpenPairs({
      ...limits,
      onExpire: ({ root }) => this.#release(root, this.#now),
    });
    registry?.addSource((event) => this.#contextOf(event));
  }

  /** A copy of the counts. */
  stats(): TracingStats {
    const { open, expired, orphaned } = this.#pairs.stats();
    return {
      started: this.#started,
      ended: this.#ended,
      expired,
      orphanedEnds: orphaned,
      invalidTraceparents: this.#invalidTraceparents,
      open: open + this.#waitingRoots,
    };
  }

  /** A handler for each type that some declared span names. */
  override getSubscriptions(): Subscriptions<Events> {
    const steps = new Map<string, ((event: AnyEvent) => void)[]>();
    const add = (types: readonly string[], step: (event: AnyEvent) => void) => {
      for (const type of types) steps.set(type, [...(steps.get(type) ?? []), step]);
    };
    // An event that ends one span and begins another ends the one first.
    for (const named of this.#named) {
      add(named.declaration.failedBy, (event) => this.#fail(named, event));
    }
    for (const named of this.#named) {
      add([named.declaration.end], (event) => this.#end(named, event));
    }
    for (const named of this.#named) {
      add(named.declaration.announcedBy, (event) => this.#announce(named, event));
    }
    for (const named of this.#named) {
      add([named.declaration.start], (event) => this.#start(named, event));
    }
    const handlers = [...steps].map(([type, list]) => [type, this.#handler(list)] as const);
    return Object.fromEntries(handlers) as Subscriptions as Subscriptions<Events>;
  }

  /** Gives up what has waited too long, by the latest event's timestamp. */
  override onDrain(): void {
    this.#announced.expire(this.#now);
    this.#pairs.expire(this.#now);
    this.#tell();
  }

  /** Ends the spans that are open, marked as expired. */
  override shutdown(): void {
    this.#announced.expire(Infinity);
    this.#pairs.expire(Infinity);
    this.#tell();
  }

  /** Not where it happens: a logger that throws must not cost a span. */
  #tell(): void {
    const { expired } = this.#pairs.stats();
    const invalid = this.#invalidTraceparents;
    if (expired > this.#expiredTold && this.#tellExpired.due(this.#now)) {
      this.#expiredTold = expired;
      this.#logger.warn(
        `${this.name} gave up spans that had not ended: ${expired} so far, ` +
          `the last one a ${JSON.stringify(this.#lastExpired)}`,
      );
    }
    if (invalid > this.#invalidTold && this.#tellInvalid.due(this.#now)) {
      this.#invalidTold = invalid;
      this.#logger.warn(`${this.name} ignored traceparents that are none: ${invalid} so far`);
    }
  }

  #handler(steps: readonly ((event: AnyEvent) => void)[]): (event: AnyEvent) => void {
    const [only] = steps;
    if (only !== undefined && steps.length === 1) return only;
    return (event) => {
      const errors: unknown[] = [];
      for (const step of steps) {
        try {
          step(event);
        } catch (error) {
          errors.push(error);
        }
      }
      if (errors.length === 1) throw errors[0];
      if (errors.length > 1) {
        throw new AggregateError(errors, `Cannot trace ${event.type}: ${errors.join("; ")}`);
      }
    };
  }

  #start(named: NamedSpan, event: AnyEvent): void {
    this.#now = event.timestamp;
    const { name, declaration } = named;
    const operationId = declaration.operationId(event);
    const known = this.#sessions.get(event.sessionId);
    const parent = this.#parent(named, operationId, known, event);
    const attributes = new NewAttributes();
    const thrown = addAttributes(attributes, declaration, event);
    if (event.sessionId !== "") {
      attributes.setAttribute(this.#sessionIdAttribute, event.sessionId);
    }
    const span = this.#tracer.startSpan(name, {
      kind: KINDS[declaration.kind],
      startTime: toHrTime(event.timestamp),
      attributes: this.#deferAttributes ? NO_ATTRIBUTES : attributes.attributes,
    }, parent === undefined ? this.#remoteContext(event) : contextOf(parent));
    // Nothing has changed until here, should the tracer throw.
    const session = known ?? new SessionSpans(event.sessionId);
    if (known === undefined) this.#sessions.set(session.id, session);
    const root = parent?.named.declaration.root ? parent : parent?.root;
    const open = new OpenSpan(operationId, named, span, session, root, event);
    if (this.#deferAttributes) open.attributes = attributes;
    if (root !== undefined) root.heldBy++;
    session.add(open);
    this.#started++;
    if (operationId === undefined) this.#pairs.open(named.index, open, session);
    else this.#pairs.open(operationId, open, session.operationsOf(named));
    this.#endAnnouncement(named, operationId, event);
    this.#remember(event, span);
    if (thrown !== undefined) throw thrown.error;
  }

  #end(named: NamedSpan, event: AnyEvent): void {
    this.#now = event.timestamp;
    const { declaration } = named;
    const operationId = declaration.operationId(event);
    const session = this.#sessions.get(event.sessionId);
    const open = operationId === undefined
      ? this.#pairs.close(named.index, session ?? NOTHING)
      : this.#pairs.close(operationId, session?.operationsOf(named) ?? NOTHING);
    if (open === undefined) {
      // What was announced has ended without a start: it holds nothing open any more.
      this.#endAnnouncement(named, operationId, event);
      return;
    }
    const { span } = open;
    this.#remember(event, span);
    let thrown: { readonly error: unknown } | undefined;
    if (span.isRecording()) {
      thrown = addAttributes(open.attributes ?? span, declaration, event);
      try {
        const reason: unknown = declaration.error?.(event);
        if (reason !== undefined && reason !== null) markFailed(span, reason);
      } catch (error) {
        thrown ??= { error };
      }
    }
    if (open.heldBy > 0) {
      open.endedAtMs = event.timestamp;
      this.#waitingRoots++;
    } else {
      this.#ended++;
      this.#finish(open, Math.max(event.timestamp, open.lastEndMs));
    }
    if (thrown !== undefined) throw thrown.error;
  }

  #fail(named: NamedSpan, event: AnyEvent): void {
    this.#now = event.timestamp;
    const session = this.#sessions.get(event.sessionId);
    if (session === undefined) return;
    const operationId = named.declaration.operationId(event);
    const open = this.#peek(named, operationId, session) ??
      session.waitingRoot(named, operationId) ??
      (operationId === undefined ? session.newestOf(named.name) : undefined);
    if (open === undefined) return;
    this.#remember(event, open.span);
    recordFailure(open.span, event, reasonOf(event));
  }

  #announce({ name, declaration }: NamedSpan, event: AnyEvent): void {
    this.#now = event.timestamp;
    const root = this.#sessions.get(event.sessionId)?.root;
    if (root === undefined) return;
    root.heldBy++;
    const { timestamp } = event;
    this.#announced.open(pairKey(name, event, declaration.operationId(event)), { timestamp, root });
    this.#remember(event, root.span);
  }

  #endAnnouncement(
    { name, declaration }: NamedSpan,
    operationId: OperationId,
    event: AnyEvent,
  ): void {
    if (declaration.announcedBy.length === 0) return;
    const key = pairKey(name, event, operationId);
    // Looked for first: that nothing was announced is no orphaned end.
    const announced = this.#announced.peek(key) && this.#announced.close(key);
    if (announced !== undefined) this.#release(announced.root, event.timestamp);
  }

  /** The open span that an end with this operation id would end. */
  #peek(named: NamedSpan, operationId: OperationId, session: SessionSpans): OpenSpan | undefined {
    return operationId === undefined
      ? this.#pairs.peek(named.index, session)
      : this.#pairs.peek(operationId, session.operationsOf(named));
  }

  #parent(
    { name, declaration }: NamedSpan,
    operationId: OperationId,
    session: SessionSpans | undefined,
    event: AnyEvent,
  ): OpenSpan | undefined {
    if (declaration.root || session === undefined) return undefined;
    const { parent } = declaration;
    if (parent !== undefined) {
      const named = operationId === undefined ? undefined : this.#byName.get(parent);
      const same = named && this.#peek(named, operationId, session);
      const found = same ?? session.newestOf(parent);
      if (found !== undefined) return found;
    }
    const announcedUnder = declaration.announcedBy.length === 0
      ? undefined
      : this.#announced.peek(pairKey(name, event, operationId))?.root;
    return announcedUnder?.ended === false ? announcedUnder : session.root;
  }

  /** The context that the start event's `traceparent` names, an empty one if it names none. */
  #remoteContext({ traceparent }: AnyEvent): Context {
    if (traceparent === undefined) return ROOT_CONTEXT;
    const remote = parseTraceparent(traceparent);
    if (remote !== undefined) return trace.setSpanContext(ROOT_CONTEXT, remote);
    this.#invalidTraceparents++;
    return ROOT_CONTEXT;
  }

  #expire(open: OpenSpan): void {
    open.span.setAttribute("busbar.expired", true);
    this.#finish(open, Math.max(this.#now, open.lastEndMs));
    this.#lastExpired = open.named.name;
  }

  #finish(open: OpenSpan, endMs: number): void {
    open.ended = true;
    const { session, root, timestamp } = open;
    session.remove(open);
    if (session.isEmpty) this.#sessions.delete(session.id);
    const end = Math.max(endMs, timestamp);
    try {
      if (open.attributes !== undefined) open.span.setAttributes(open.attributes.attributes);
      open.span.end(toHrTime(end));
    } finally {
      if (root !== undefined) this.#release(root, end);
    }
  }

  /** One less holds the root open. */
  #release(root: OpenSpan, endMs: number): void {
    root.heldBy--;
    root.lastEndMs = Math.max(root.lastEndMs, endMs);
    if (root.heldBy > 0 || root.endedAtMs === undefined || root.ended) return;
    this.#waitingRoots--;
    this.#ended++;
    this.#finish(root, Math.max(root.endedAtMs, root.lastEndMs));
  }

  #remember(event: BusEvent, span: Span): void {
    this.#event = event;
    this.#eventSpan = span;
  }

  #contextOf(event: BusEvent): SpanContext | undefined {
    if (event === this.#event) return this.#eventSpan?.spanContext();
    // Events without a session have nothing to do with each other.
    if (event.sessionId === "") return undefined;
    return this.#sessions.get(event.sessionId)?.newest?.span.spanContext();
  }
}

function contextOf(parent: OpenSpan): Context {
  return parent.context ??= trace.setSpan(ROOT_CONTEXT, parent.span);
}
