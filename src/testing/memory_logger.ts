import type { Logger } from "../internal/logger.ts";

/** A logger that keeps the lines a bus would write to the console. */
export class MemoryLogger implements Logger {
  /** The lines logged so far, in order. */
  readonly lines: string[] = [];

  /** Keeps one line. */
  warn(message: string): void {
    this.lines.push(message);
  }
}
