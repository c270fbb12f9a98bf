/** What a producer may add to an event beyond its type and metadata. */
export interface PublishInit {
  /** Ties events of one operation together, such as a request's id. Default: `""`. */
  readonly sessionId?: string;
  /**
   * When it happened, in milliseconds since the epoch (fractions allowed). Give it only when the
   * event is told later than it happened, as a replay does. Default: the bus's clock, read inside
   * `publish`. A value that is not a finite number is replaced by that default.
   */
  readonly timestamp?: number;
  /** The W3C `traceparent` of the caller, handed on as it is. Default: `undefined`. */
  readonly traceparent?: string;
}

/**
 * One thing that happened. Every record has the same five fields in the same order, so that code
 * which reads them stays monomorphic.
 *
 * `metadata` is kept by reference: it must not be changed after it was published, since handlers
 * read it later.
 */
export interface BusEvent<Type extends string = string, Metadata = unknown> {
  /** The event's type, such as `"l1.read.finished"`. */
  readonly type: Type;
  /** When it was published, in milliseconds since the epoch, with sub-millisecond fractions. */
  readonly timestamp: number;
  /** What the producer said about it; `undefined` if it said nothing. */
  readonly metadata: Metadata;
  /** The session it belongs to, `""` if none. */
  readonly sessionId: string;
  /** The W3C `traceparent` it carries, `undefined` if none. */
  readonly traceparent: string | undefined;
}
