import { monotonicMs } from "../../internal/clocks.ts";
import { toSingleError } from "../../internal/collected_errors.ts";
import { CountReport } from "../../internal/count_report.ts";
import type { Logger } from "../../internal/logger.ts";
import { errorText, nameOf, whileReporting } from "../../internal/reporting.ts";
import { REQUESTS_ARE_APART } from "../../internal/neutral_context.ts";
import { assertLevel } from "./levels.ts";
import { type LogRecord, type LogSink, SEVERITY_NUMBERS } from "./log_record.ts";

/** What an error for several failures says first. */
export const SEVERAL_FAILED = "several sinks failed";

/** Counts of the records passed to one sink. */
export interface SinkStats {
  /** The sink's name: its function's. */
  readonly name: string;
  /** Records that it accepted, and has not dropped since. */
  readonly accepted: number;
  /** Records on which it threw or rejected. */
  readonly failed: number;
  /** Records not passed to it because too many were pending, and those that it dropped itself. */
  readonly dropped: number;
}

/** What waits for the sink to settle what came before: a record, or a flush. */
interface Waiting {
  readonly record: LogRecord | undefined;
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One sink with its counts and the records that wait for it: it gets one at a time, in their order.
 * Where requests are kept apart none waits, since the request of the one before may have ended.
 */
export class SinkRunner {
  readonly #sink: LogSink;
  readonly #name: string;
  readonly #maxPending: number;
  readonly #dropReport: CountReport;
  readonly #waiting: Waiting[] = [];
  /** Records that wait, or that the sink has not settled, by type; of `warn` and above apart. */
  readonly #pendingByKind = new Map<string, number>();
  /** From a call until it has settled. */
  #isBusy = false;
  /** While a call is on the stack. */
  #isCalled = false;
  #accepted = 0;
  #failed = 0;
  #dropped = 0;
  /** What it had dropped before, of others' records. */
  readonly #droppedBefore: number;
  readonly #minSeverity: number;

  constructor(sink: LogSink, maxPending: number, logger: Logger) {
    this.#sink = sink;
    this.#name = nameOf(sink);
    this.#maxPending = maxPending;
    this.#dropReport = new CountReport(logger);
    this.#droppedBefore = this.#read("dropped");
    const { minLevel } = sink;
    assertLevel("create LoggingSubscriber", `minLevel of the sink ${this.#name}`, minLevel);
    this.#minSeverity = minLevel === undefined ? 0 : SEVERITY_NUMBERS[minLevel];
  }

  stats(): SinkStats {
    const dropped = Math.max(0, this.#read("dropped") - this.#droppedBefore);
    return {
      name: this.#name,
      accepted: Math.max(0, this.#accepted - dropped),
      failed: this.#failed,
      dropped: this.#dropped + dropped,
    };
  }

  /** Records that may yet be lost: they wait, or the sink has not settled or passed them on. */
  get pending(): number {
    const waiting = [...this.#pendingByKind.values()].reduce((sum, count) => sum + count, 0);
    return waiting + this.#read("pending");
  }

  /** Whether what is said on the console would wait for who reads what the sink writes. */
  get isConsoleStuck(): boolean {
    return (this.#sink as { isConsoleStuck?: boolean }).isConsoleStuck === true;
  }

  /**
   * Passes a record to the sink, at once or when it has settled those before, unless it is below its
   * level; one too many is dropped, and that is reported.
   *
   * @throws {Error} with the sink's name, if it failed; as a rejection if it did so later
   */
  write(record: LogRecord): Promise<void> | undefined {
    if (record.severityNumber < this.#minSeverity) return undefined;
    if (!this.#isBusy || REQUESTS_ARE_APART) return this.#pass(record);
    const kind = kindOf(record);
    const pending = this.#pendingByKind.get(kind) ?? 0;
    if (pending >= this.#maxPending) {
      this.#dropped++;
      this.#dropReport.update(
        this.#dropped,
        monotonicMs,
        (dropped) =>
          `LoggingSubscriber: the sink ${this.#name} has ${pending} records of ` +
          `${record.eventType} pending; ${dropped} further ones were dropped so far`,
      );
      return undefined;
    }
    this.#pendingByKind.set(kind, pending + 1);
    return this.#enqueue(record);
  }

  /** Has the sink pass on what it holds, after what waits for it now. */
  flush(): Promise<void> | undefined {
    return this.#isBusy && !REQUESTS_ARE_APART ? this.#enqueue(undefined) : this.#pass(undefined);
  }

  /**
   * The process is about to end: passes what waits to the sink, whether or not it has settled what
   * it has, and has it pass on what it can.
   */
  flushSync(): void {
    // By the sink itself: what waits comes when it has returned.
    if (this.#isCalled) return;
    // Whoever waits for a flush has its answer from `flushSync`.
    for (const waiting of this.#waiting.splice(0)) {
      this.#serve(waiting, waiting.record === undefined);
    }
    this.#guard(() => this.#sink.flushSync?.());
  }

  /** What the sink says of itself, if it says a number. */
  #read(count: "pending" | "dropped"): number {
    try {
      return Number(this.#sink[count]) || 0;
    } catch {
      return 0;
    }
  }

  #enqueue(record: LogRecord | undefined): Promise<void> {
    const last = this.#waiting.at(-1);
    // However often a sink that hangs is flushed, no more waits.
    if (record === undefined && last !== undefined && last.record === undefined) {
      return last.promise;
    }
    const waiting = { record, ...Promise.withResolvers<void>() };
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  /** Calls the sink, which is at leisure. */
  #pass(record: LogRecord | undefined): Promise<void> | undefined {
    this.#isBusy = true;
    let settling: Promise<void> | undefined;
    try {
      settling = this.#call(record);
    } finally {
      if (settling === undefined) this.#goOn();
    }
    return settling && this.#settle(record, settling);
  }

  #settle(record: LogRecord | undefined, settling: Promise<void>): Promise<void> {
    const kind = record === undefined || REQUESTS_ARE_APART ? undefined : kindOf(record);
    if (kind !== undefined) {
      this.#pendingByKind.set(kind, (this.#pendingByKind.get(kind) ?? 0) + 1);
    }
    return settling.finally(() => {
      if (kind !== undefined) this.#release(kind);
      this.#goOn();
    });
  }

  /** Passes on what waits, until the sink has something to settle. */
  #goOn(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const settling = this.#serve(next);
      if (settling !== undefined) {
        settling.then(() => this.#goOn());
        return;
      }
    }
    this.#isBusy = false;
  }

  /** @returns what is fulfilled when the sink has settled it, unless it has */
  #serve({ record, resolve, reject }: Waiting, isDone = false): Promise<void> | undefined {
    const release = () => record !== undefined && this.#release(kindOf(record));
    try {
      const settling = isDone ? undefined : this.#call(record);
      if (settling !== undefined) return settling.finally(release).then(resolve, reject);
      release();
      resolve();
    } catch (error) {
      release();
      reject(error);
    }
    return undefined;
  }

  #release(kind: string): void {
    const left = this.#pendingByKind.get(kind) as number - 1;
    if (left === 0) this.#pendingByKind.delete(kind);
    else this.#pendingByKind.set(kind, left);
  }

  #call(record: LogRecord | undefined): Promise<void> | undefined {
    const sink = this.#sink;
    const call = record === undefined ? () => sink.flush?.() : () => sink(record);
    const result = this.#guard(call, record);
    if (result !== undefined) return this.#follow(record, result);
    if (record !== undefined) this.#accepted++;
    return undefined;
  }

  /** Calls one of the sink's functions. @returns what it returned, if that is a promise */
  #guard(call: () => void | Promise<void>, record?: LogRecord): PromiseLike<void> | undefined {
    this.#isCalled = true;
    try {
      const result = whileReporting(call);
      if (result === undefined) return undefined;
      return typeof result === "object" && typeof result?.then === "function" ? result : undefined;
    } catch (error) {
      throw this.#failure(record, error);
    } finally {
      this.#isCalled = false;
    }
  }

  async #follow(record: LogRecord | undefined, result: PromiseLike<void>): Promise<void> {
    try {
      await result;
    } catch (error) {
      throw this.#failure(record, error);
    }
    if (record !== undefined) this.#accepted++;
  }

  #failure(record: LogRecord | undefined, error: unknown): Error {
    if (record !== undefined) this.#failed++;
    return new Error(`the sink ${this.#name} failed: ${errorText(error)}`, { cause: error });
  }
}

function kindOf({ eventType, severityNumber }: LogRecord): string {
  return `${severityNumber < SEVERITY_NUMBERS.warn ? "" : "!"}${eventType}`;
}

/**
 * Writes a record to all sinks; none misses it because of another's failure.
 *
 * @param errors what failed while the record was made
 */
export function writeToAll(
  runners: readonly SinkRunner[],
  record: LogRecord,
  errors: unknown[] = [],
): Promise<void> | undefined {
  let pending: Promise<void>[] | undefined;
  for (const runner of runners) {
    try {
      const writing = runner.write(record);
      if (writing !== undefined) (pending ??= []).push(writing);
    } catch (error) {
      errors.push(error);
    }
  }
  if (pending !== undefined) return settle(pending, errors);
  if (errors.length > 0) throw toSingleError(errors, SEVERAL_FAILED);
  return undefined;
}

/** Calls a method of all, of which each is called. */
export async function flushAll(runners: readonly SinkRunner[]): Promise<void> {
  await settle(runners.map(async (runner) => await runner.flush()), []);
}

async function settle(pending: readonly Promise<void>[], errors: unknown[]): Promise<void> {
  for (const result of await Promise.allSettled(pending)) {
    if (result.status === "rejected") errors.push(result.reason);
  }
  if (errors.length > 0) throw toSingleError(errors, SEVERAL_FAILED);
}
