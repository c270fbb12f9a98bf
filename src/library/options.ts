/** How long something that is awaited may take. */
export interface DeadlineOptions {
  /** In milliseconds, at least 0. Default: 5,000. */
  readonly timeoutMs?: number | undefined;
  /** Ends the wait when it aborts, just as the timeout does. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

/** The options of a subscription. */
export interface SubscribeOptions {
  /** Ends the subscription when it aborts; if it has already, there is none. Default: none. */
  readonly signal?: AbortSignal | undefined;
}
