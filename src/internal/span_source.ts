import type { EventContext } from "../events/event.ts";
import type { OtelSpanContext } from "./otel_registry.ts";

/** An operation whose start event is about to be published. */
export interface StartingOperation extends EventContext {
  /** The event type that starts it. */
  readonly start: string;
  /** The event type that ends it. */
  readonly end: string;
  readonly sessionId: string;
  readonly operationId: string;
  /** The operation that it is a part of; `""` if there is none. */
  readonly parentId: string;
  /** The span of somebody else that it was begun in, which its `traceparent` names. */
  readonly foreign: OtelSpanContext | undefined;
  /** Whether that span is of the same thing: there is to be no second one. */
  readonly joins: boolean;
}

/** What is known of a span before it is made. */
export interface AnnouncedSpan {
  /** Its `traceparent`; `undefined` if its ids are known only once it is made. */
  readonly traceparent: string | undefined;
}

/**
 * What makes spans of a bus's events, as operations see it. A span is made when its start event is
 * dispatched; an operation has to hand its ids on before.
 */
export interface SpanSource {
  /** Announces an operation. @returns `undefined` if there will be no span. It never throws. */
  announce(operation: StartingOperation): AnnouncedSpan | undefined;
  /** Takes it back: its start event was not accepted. */
  withdraw(operationId: string): void;
  /** The `traceparent` of an operation's open span, if there is one. */
  traceparentOf(operationId: string): string | undefined;
}

/** Several that make spans of one bus's events, as when two catalogs are subscribed one by one. */
class SpanSources implements SpanSource {
  #sources: readonly SpanSource[];

  constructor(sources: readonly SpanSource[] = []) {
    this.#sources = sources;
  }

  announce(operation: StartingOperation): AnnouncedSpan | undefined {
    let announced: AnnouncedSpan | undefined;
    for (const source of this.#sources) {
      const one = source.announce(operation);
      // Only one can go out.
      if (announced?.traceparent === undefined) announced = one ?? announced;
    }
    return announced;
  }

  withdraw(operationId: string): void {
    for (const source of this.#sources) source.withdraw(operationId);
  }

  traceparentOf(operationId: string): string | undefined {
    for (const source of this.#sources) {
      const found = source.traceparentOf(operationId);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  // The list is never changed in place: one that is looked through may take itself off it.
  add(source: SpanSource): void {
    this.#sources = [...this.#sources, source];
  }

  remove(source: SpanSource): void {
    this.#sources = this.#sources.filter((other) => other !== source);
  }
}

/** Where they stand on a bus, for all copies of the package. */
const SPAN_SOURCES = Symbol.for("@busbar/busbar/span-sources.1");

interface Bus {
  [SPAN_SOURCES]?: SpanSources;
}

/** What makes spans of a bus's events, or may do so, if anything ever did. */
export function spanSourceOf(bus: object): SpanSource | undefined {
  const own = (bus as Bus)[SPAN_SOURCES];
  const any = (globalThis as Bus)[SPAN_SOURCES];
  return own === undefined || any === undefined ? own ?? any : new SpanSources([own, any]);
}

/** Says what makes spans of a bus's events. @returns what takes it back */
export function provideSpanSource(bus: object, source: SpanSource): Disposable {
  const sources = (bus as Bus)[SPAN_SOURCES] ??= new SpanSources();
  sources.add(source);
  return { [Symbol.dispose]: () => sources.remove(source) };
}

/**
 * Says what makes spans of the events of a bus that it does not know. It is forgotten when nobody else
 * has it any more.
 *
 * @returns what takes it back
 */
export function provideSpanSourceWeakly(source: SpanSource): Disposable {
  const reference = new WeakRef(source);
  const find = (): SpanSource | undefined => {
    const found = reference.deref();
    if (found === undefined) provided[Symbol.dispose]();
    return found;
  };
  const provided = provideSpanSource(globalThis, {
    announce: (operation) => find()?.announce(operation),
    withdraw: (operationId) => find()?.withdraw(operationId),
    traceparentOf: (operationId) => find()?.traceparentOf(operationId),
  });
  return provided;
}
