import type { EventContext } from "../events/event.ts";
import type { EventBus } from "../library/event_bus.ts";
import { cut, errorText } from "../internal/reporting.ts";
import { ReportOnce } from "../internal/report_once.ts";
import { type OtelSpanContext, toTracestate } from "../internal/otel_registry.ts";
import { type SpanSource, spanSourceOf } from "../internal/span_source.ts";
import { toTraceparent } from "../internal/traceparent.ts";
import { currentScope, runIn } from "./async_storage.ts";
import { Ended } from "./ended.ts";
import { newOperationId, newSessionId } from "./ids.ts";
import { type Baggage, NO_BAGGAGE, type Scope, toScope } from "./scope.ts";
import { activeForeignSpan, foreignSpan, hasTrace, traceparentIn } from "./scope_span.ts";

/** What an operation begins with, checked. */
export interface OperationInit {
  readonly bus: EventBus;
  readonly start: string;
  readonly end: string;
  readonly metadata: unknown;
  /** What it stands in. Default: what is current. */
  readonly context: EventContext | undefined;
  /** What an end has beside the error that is published in its place. */
  readonly failed: object | undefined;
  /**
   * The span of somebody else that is of the same thing; `null` for what comes from outside of the
   * process, and is part of no span that happens to be active. Default: neither.
   */
  readonly joined?: OtelSpanContext | null | undefined;
}

/** Made at the first need, for the console that there is then. */
let misuse: ReportOnce | undefined;

/** One operation: the scope of what is published in it, and what publishes its end, once. */
export class OperationScope implements Scope {
  readonly sessionId: string;
  readonly operationId: string;
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
  readonly baggage: Baggage;
  readonly spanId: string;
  readonly spans: SpanSource | undefined;
  readonly around: string;
  /** Whether the bus has accepted what was published last, its start or its end. */
  accepted = false;
  readonly #bus: EventBus;
  readonly #start: string;
  readonly #end: string;
  readonly #failed: OperationInit["failed"];
  #ended = false;

  /** Publishes its start, unless the bus is disabled. */
  constructor(init: OperationInit) {
    const { bus, start, end, metadata, context } = init;
    const parent = context === undefined ? currentScope() : toScope(context);
    // Not its metadata: timers that it leaves behind may hold it for long.
    this.#bus = bus;
    this.#start = start;
    this.#end = end;
    this.#failed = init.failed;
    this.baggage = parent?.baggage ?? NO_BAGGAGE;
    if (bus.enabled === false) {
      this.sessionId = parent?.sessionId ?? "";
      this.operationId = parent?.operationId ?? "";
      this.traceparent = parent?.traceparent;
      this.spanId = parent?.spanId ?? "";
      this.spans = parent?.spans;
      this.tracestate = parent?.tracestate;
      this.around = parent?.around ?? "";
      return;
    }
    const { joined } = init;
    const active = activeForeignSpan();
    this.around = active?.spanId ?? "";
    // What comes from outside is part of no span that merely happens to be active.
    const isApart = joined === null && !(parent !== undefined && hasTrace(parent));
    const foreign = joined ??
      (isApart ? undefined : foreignSpan(parent, context === undefined, active));
    const sessionId = this.sessionId = parent?.sessionId || newSessionId();
    const operationId = this.operationId = newOperationId();
    const tracestate = this.tracestate = foreign === undefined
      ? parent?.tracestate
      : toTracestate(foreign);
    const traceparent = foreign === undefined
      ? parent && traceparentIn(parent)
      : toTraceparent(foreign);
    const told = { sessionId, operationId, traceparent, tracestate };
    const source = spanSourceOf(bus);
    const parentId = parent?.spanId ?? "";
    const joins = joined !== undefined && joined !== null;
    const span = source?.announce({ ...told, start, end, parentId, foreign, joins });
    // The bus would add, from another context, what the one that was handed in leaves out.
    this.accepted = context === undefined || (currentScope() === undefined && !active)
      ? bus.publish(start, metadata, told)
      : runIn(this, () => bus.publish(start, metadata, told));
    if (span === undefined || !this.accepted) {
      // Spans of operations within it belong to that which it is within itself.
      if (span !== undefined) source?.withdraw(operationId);
      this.traceparent = traceparent;
      this.spanId = parentId;
      this.spans = foreign === undefined ? parent?.spans : undefined;
    } else {
      this.traceparent = span.traceparent ?? traceparent;
      this.spanId = operationId;
      this.spans = span.traceparent === undefined ? source : undefined;
    }
  }

  /** Publishes the end, the first time. */
  end<Value>(metadata?: unknown, value?: Value): Ended<string, Value | undefined> {
    const end = this.#end;
    if (this.#ended) {
      // An operation has no logger of its own.
      misuse ??= new ReportOnce(console);
      misuse.report(`an operation was ended again with ${cut(end)}: its first end counts`);
    }
    this.#publishEnd(metadata);
    return new Ended(end, value);
  }

  /** Ends it with an error, unless it has ended. */
  fail(error: unknown): void {
    if (this.#ended || this.#bus.enabled === false) return;
    // Its function has been left: the bus's context would be another.
    runIn(this, () => this.#publishEnd({ ...this.#failed, error: toError(error) }));
  }

  /** Ends it if its function has not. @returns what `operation` returns */
  finish(result: unknown): unknown {
    if (!this.#ended) {
      const [start, end] = [cut(this.#start), cut(this.#end)];
      this.fail(
        new Error(`The operation ${start} returned without op.end, which publishes ${end}`),
      );
    }
    return Ended.is(result) ? result.value : result;
  }

  #publishEnd(metadata: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.accepted = this.#bus.publish(this.#end, metadata, this);
  }
}

/** Anything may be thrown. */
export function toError(thrown: unknown): Error {
  try {
    if (thrown instanceof Error) return thrown;
  } catch {
    // A proxy that says nothing of itself.
  }
  return new Error(cut(errorText(thrown)));
}
