import type { Logger } from "../bus/options.ts";

/** Keeps the lines that a bus would write to the console. */
export class MemoryLogger implements Logger {
  /** What was told, in order. */
  readonly lines: string[] = [];

  /** Keeps one line. */
  warn(message: string): void {
    this.lines.push(message);
  }
}
