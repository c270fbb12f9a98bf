import type { EventContext } from "../events/event.ts";

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

/** Where it stands on a bus, for all copies of the package. */
const SPAN_SOURCE = Symbol.for("@busbar/busbar/span-source.1");

interface Bus {
  [SPAN_SOURCE]?: SpanSource | undefined;
}

/** What makes spans of a bus's events, if anything does. */
export function spanSourceOf(bus: object): SpanSource | undefined {
  return (bus as Bus)[SPAN_SOURCE];
}

/** Says what makes spans of a bus's events: the first one that does. @returns what takes it back */
export function provideSpanSource(bus: object, source: SpanSource): Disposable {
  const place = bus as Bus;
  place[SPAN_SOURCE] ??= source;
  return {
    [Symbol.dispose]() {
      if (place[SPAN_SOURCE] === source) place[SPAN_SOURCE] = undefined;
    },
  };
}
