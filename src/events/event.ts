/** What links an event to others: what a bus's `context` option gives, and `PublishInit` overrides. */
export interface EventContext {
  /** Groups the events of one unit of work: usually a request's id. Default: `""`. */
  readonly sessionId?: string | undefined;
  /**
   * Tells operations of one kind in one session from each other: a start and an end with the same
   * one belong together. Default: `""`.
   */
  readonly operationId?: string | undefined;
  /** The W3C `traceparent` of the caller, passed on unchanged. Default: `undefined`. */
  readonly traceparent?: string | undefined;
  /** The W3C `tracestate` of the caller, passed on unchanged. Default: `undefined`. */
  readonly tracestate?: string | undefined;
}

/**
 * What a producer may add to an event beyond its type and metadata. What it leaves out comes from the
 * bus's `context` option, if there is one. A getter that throws is counted and reported under
 * `"(publisher)"`, and the event is published without what it was to give.
 */
export interface PublishInit extends EventContext {
  /**
   * When it happened, in milliseconds since the epoch (fractions allowed) or as a `Date`. Pass it only
   * if the event is published later than it happened, as in a replay. Default: the bus's clock, read
   * inside `publish`. What is no time, or none that a `Date` can hold, is replaced by that default,
   * counted and reported under `"(timestamp)"`.
   */
  readonly timestamp?: number | Date | undefined;
}

/**
 * One thing that happened. Every record has the same seven fields in the same order, so that code
 * which reads them stays monomorphic.
 *
 * `metadata` is kept by reference: do not change it after publishing, because handlers read it
 * later.
 */
export interface BusEvent<Type extends string = string, Metadata = unknown> {
  /** The event's type, such as `"l1.read.finished"`. */
  readonly type: Type;
  /** When it was published, in milliseconds since the epoch, with sub-millisecond fractions. */
  readonly timestamp: number;
  /** What the producer passed; `undefined` if it passed nothing. */
  readonly metadata: Metadata;
  /** The session it belongs to, `""` if none. */
  readonly sessionId: string;
  /** The operation it belongs to, `""` if none. */
  readonly operationId: string;
  /** The W3C `traceparent` it carries, `undefined` if none. */
  readonly traceparent: string | undefined;
  /** The W3C `tracestate` it carries, `undefined` if none. */
  readonly tracestate: string | undefined;
}
