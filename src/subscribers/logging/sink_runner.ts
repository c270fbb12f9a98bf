import { toSingleError } from "../../internal/collected_errors.ts";
import { errorText, nameOf, whileReporting } from "../../internal/reporting.ts";
import { REQUESTS_ARE_APART } from "../../internal/neutral_context.ts";
import type { LogRecord, LogSink } from "./log_record.ts";

/** What an error for several failures says first. */
export const SEVERAL_FAILED = "several sinks failed";

/** Counts of the records passed to one sink. */
export interface SinkStats {
  /** The sink's name: its function's. */
  readonly name: string;
  /** Records that it accepted. */
  readonly accepted: number;
  /** Records on which it threw or rejected. */
  readonly failed: number;
  /** Records not passed to it because too many were pending. */
  readonly dropped: number;
}

/** One sink with its counts and its pending records. */
export class SinkRunner {
  readonly #sink: LogSink;
  readonly #name: string;
  readonly #maxPending: number;
  /** By event type, as the bus counts the pending calls of a handler. */
  readonly #pending = new Map<string, number>();
  #accepted = 0;
  #failed = 0;
  #dropped = 0;

  constructor(sink: LogSink, maxPending: number) {
    this.#sink = sink;
    this.#name = nameOf(sink);
    this.#maxPending = maxPending;
  }

  stats(): SinkStats {
    return {
      name: this.#name,
      accepted: this.#accepted,
      failed: this.#failed,
      dropped: this.#dropped,
    };
  }

  /**
   * Writes a record to the sink.
   *
   * @throws {Error} with the sink's name, if it failed or the record was dropped; as a rejection if
   * the sink is async
   */
  write(record: LogRecord): Promise<void> | undefined {
    const pending = this.#pending.get(record.eventType) ?? 0;
    if (pending >= this.#maxPending) {
      this.#dropped++;
      throw new Error(
        `the sink ${this.#name} has ${pending} records pending; others are dropped until one settles`,
      );
    }
    let written: Promise<void> | undefined;
    try {
      const result = whileReporting(() => this.#sink(record));
      if (typeof result === "object" && typeof result?.then === "function") {
        written = Promise.resolve(result);
      }
    } catch (error) {
      throw this.#failure(error);
    }
    if (written !== undefined) {
      // What is lost with its request would be pending for ever; there the bus alone counts.
      if (!REQUESTS_ARE_APART) this.#pending.set(record.eventType, pending + 1);
      return this.#follow(record.eventType, written);
    }
    this.#accepted++;
    return undefined;
  }

  async #follow(type: string, result: PromiseLike<void>): Promise<void> {
    try {
      await result;
      this.#accepted++;
    } catch (error) {
      throw this.#failure(error);
    } finally {
      const left = (this.#pending.get(type) ?? 1) - 1;
      if (left <= 0) this.#pending.delete(type);
      else this.#pending.set(type, left);
    }
  }

  #failure(error: unknown): Error {
    this.#failed++;
    return new Error(`the sink ${this.#name} failed: ${errorText(error)}`, { cause: error });
  }
}

/** Writes a record to all sinks; none misses it because of another's failure. */
export function writeToAll(
  runners: readonly SinkRunner[],
  record: LogRecord,
): Promise<void> | undefined {
  let errors: unknown[] | undefined;
  let pending: Promise<void>[] | undefined;
  for (const runner of runners) {
    try {
      const writing = runner.write(record);
      if (writing !== undefined) (pending ??= []).push(writing);
    } catch (error) {
      (errors ??= []).push(error);
    }
  }
  if (pending !== undefined) return settle(pending, errors ?? []);
  if (errors !== undefined) throw toSingleError(errors, SEVERAL_FAILED);
  return undefined;
}

async function settle(pending: readonly Promise<void>[], errors: unknown[]): Promise<void> {
  for (const result of await Promise.allSettled(pending)) {
    if (result.status === "rejected") errors.push(result.reason);
  }
  if (errors.length > 0) throw toSingleError(errors, SEVERAL_FAILED);
}
