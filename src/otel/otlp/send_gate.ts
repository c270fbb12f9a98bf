/** Who is asked before each request, and learns what became of it. */
export interface SendGate {
  /**
   * Called right before a request, on the same call stack.
   *
   * @returns why it must not be sent; `undefined` if it may
   */
  open(): string | undefined;
  /** Called once it is known whether it was accepted; without a response it was not. */
  close(isAccepted: boolean): void;
}

/** The option that it is handed on by. */
export const SEND_GATE = Symbol("sendGate");

/** Options that may have one. */
export interface WithSendGate {
  readonly [SEND_GATE]?: SendGate | undefined;
}
