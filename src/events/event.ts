/** What a producer may add to an event beyond its type and metadata. */
export interface PublishInit {
  /** Groups the events of one unit of work: usually a request's id. Default: `""`. */
  readonly sessionId?: string | undefined;
  /**
   * When it happened, in milliseconds since the epoch (fractions allowed). Pass it only if the
   * event is published later than it happened, as in a replay. Default: the bus's clock, read
   * inside `publish`. A value that is not a finite number is replaced by that default.
   */
  readonly timestamp?: number | undefined;
  /** The W3C `traceparent` of the caller, passed on unchanged. Default: `undefined`. */
  readonly traceparent?: string | undefined;
}

/**
 * One thing that happened. Every record has the same five fields in the same order, so that code
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
  /** The W3C `traceparent` it carries, `undefined` if none. */
  readonly traceparent: string | undefined;
}
