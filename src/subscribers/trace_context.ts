/** The span that an event belongs to, as log records and exemplars refer to it. */
export interface TraceContext {
  /** The trace, 32 lower-case hexadecimal digits. */
  readonly traceId: string;
  /** The span, 16 lower-case hexadecimal digits. */
  readonly spanId: string;
  /** The W3C trace flags; bit 0 means sampled. */
  readonly traceFlags: number;
}
