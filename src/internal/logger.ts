/** Where losses and failures are logged. `console` is one. */
export interface Logger {
  /** Logs one line of text. An exception is caught and counted. */
  warn(message: string): void;
}
