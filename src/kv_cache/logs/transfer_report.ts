import { EventSubscriber } from "../../bus/event_subscriber.ts";
import type { EventOf, Subscriptions } from "../../events/event_map.ts";
import { assertAboveZero, assertFunction } from "../../internal/arguments.ts";
import { clearTimer, monotonicMs, setTimer, type Timer } from "../../internal/clocks.ts";
import { inNeutralContext } from "../../internal/neutral_context.ts";
import { assertKnownNames } from "../../internal/option_names.ts";
import { cut, whileReporting } from "../../internal/reporting.ts";
import { MAX_DELAY_MS, unref } from "../../internal/timers.ts";
import { escapeControls } from "../../subscribers/logging/json_line.ts";
import { boundedId } from "../../subscribers/pairs/bounded_id.ts";
import { transferIdOfAny } from "../catalog/operation_ids.ts";
import type { KvCacheGauges } from "../catalog/metrics/gauges.ts";
import type { KvCacheEvents } from "../events/kv_cache_events.ts";
import { LruMap } from "../lifecycle/lru_map.ts";
import { type DeviceTotals, totalsText, TransferTotals } from "./transfer_totals.ts";

/** What is written, and how often. */
export interface TransferReportOptions {
  readonly write: (line: string) => void;
  readonly intervalMs?: number | undefined;
}

/** As LMCache has it. */
const DEFAULT_INTERVAL_MS = 10_000;
/** A start so long ago is not that of this end. */
const MAX_START_AGE_MS = 60_000;
const MAX_STARTS = 10_000;
const GIB = 2 ** 30;
const ACTION = "report transfers";

type StartOrEnd = EventOf<
  KvCacheEvents,
  "mp.store.start" | "mp.store.end" | "mp.retrieve.start" | "mp.retrieve.end"
>;

/**
 * Writes, every few seconds, what each device has stored and retrieved since the last time and since
 * the start, if there was something, and how full L1 is, which needs no traffic.
 */
export class TransferReport extends EventSubscriber<KvCacheEvents> {
  override readonly name: string = "TransferReport";
  readonly #write: (line: string) => void;
  readonly #intervalMs: number;
  readonly #readL1: KvCacheGauges["l1"];
  readonly #starts = new LruMap<number>(MAX_STARTS);
  readonly #window = new TransferTotals();
  readonly #total = new TransferTotals();
  #sinceMs = 0;
  #timer: Timer | undefined;
  #isStopped = true;
  /** What failed on the timer, where the bus could not count it. */
  #failure: { readonly error: unknown } | undefined;

  /**
   * @param readL1 how full L1 is
   * @throws {TypeError} if an option is unknown or of the wrong type
   * @throws {RangeError} if the interval is not above 0
   */
  constructor(options: TransferReportOptions, readL1: KvCacheGauges["l1"]) {
    super();
    assertKnownNames(ACTION, "option", options, ["write", "intervalMs"]);
    const { write, intervalMs = DEFAULT_INTERVAL_MS } = options;
    assertFunction(ACTION, "write", write);
    assertAboveZero(ACTION, "intervalMs", intervalMs);
    this.#write = write;
    this.#intervalMs = Math.min(intervalMs, MAX_DELAY_MS);
    this.#readL1 = readL1;
  }

  override getSubscriptions(): Subscriptions<KvCacheEvents> {
    this.#isStopped = false;
    this.#sinceMs = monotonicMs();
    inNeutralContext(this.#wait);
    return {
      "mp.store.start": (event) => this.#start("stored", event),
      "mp.store.end": (event) => this.#end("stored", event),
      "mp.retrieve.start": (event) => this.#start("retrieved", event),
      "mp.retrieve.end": (event) => this.#end("retrieved", event),
    };
  }

  /** Has the bus count what failed meanwhile. */
  override onDrain(): void {
    this.#rethrow();
  }

  /** Writes what has come since the last time, and no more after that. */
  override shutdown(): void {
    if (this.#isStopped) return;
    this.stop();
    this.#report();
    this.#rethrow();
  }

  /** Ends the timer. */
  stop(): void {
    this.#isStopped = true;
    clearTimer(this.#timer);
  }

  #start(kind: keyof DeviceTotals, event: StartOrEnd): void {
    this.#starts.set(keyOf(kind, event), event.timestamp);
  }

  #end(
    kind: keyof DeviceTotals,
    event: EventOf<KvCacheEvents, "mp.store.end" | "mp.retrieve.end">,
  ): void {
    const { timestamp, metadata: { device, numTokens, totalBytes } } = event;
    const key = keyOf(kind, event);
    const startedMs = this.#starts.get(key);
    this.#starts.delete(key);
    const durationMs = startedMs === undefined ? undefined : timestamp - startedMs;
    const transfer = {
      tokens: countOf(numTokens),
      bytes: countOf(totalBytes),
      durationMs: (durationMs ?? 0) > MAX_START_AGE_MS ? undefined : durationMs,
    };
    const name = singleLine(cut(String(device)));
    this.#window.add(name, kind, transfer);
    this.#total.add(name, kind, transfer);
  }

  readonly #wait = (): void => {
    // It may have been stopped since then.
    if (this.#isStopped) return;
    clearTimer(this.#timer);
    try {
      unref(this.#timer = setTimer(this.#onTimer, this.#intervalMs));
    } catch {
      // Some runtimes have no timers while a module is evaluated: it is written at the end.
    }
  };

  readonly #onTimer = (): void => {
    if (this.#isStopped) return;
    this.#report();
    this.#wait();
  };

  #report(): void {
    const nowMs = monotonicMs();
    const seconds = ((nowMs - this.#sinceMs) / 1_000).toFixed(1);
    this.#sinceMs = nowMs;
    for (const [device, totals] of this.#window.devices) {
      this.#line(() => `${device}, last ${seconds} s: ${totalsText(totals)}`);
      const all = this.#total.devices.get(device) ?? totals;
      this.#line(() => `${device}, since the start: ${totalsText(all)}`);
    }
    this.#window.clear();
    const readL1 = this.#readL1;
    if (readL1 !== undefined) this.#line(() => l1Text(readL1()));
  }

  #line(text: () => string): void {
    try {
      whileReporting(() => this.#write(text()));
    } catch (error) {
      this.#failure ??= { error };
    }
  }

  #rethrow(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
  }
}

/** Publishers that the compiler does not see may say anything: it would stay in the sums. */
function countOf(value: unknown): number {
  return Number.isFinite(value) && (value as number) > 0 ? value as number : 0;
}

/** A name that begins no line of its own, and steers no terminal. */
function singleLine(name: string): string {
  return escapeControls(JSON.stringify(name).slice(1, -1));
}

function keyOf(kind: keyof DeviceTotals, event: StartOrEnd): string {
  return `${kind} ${boundedId(String(transferIdOfAny(event) ?? event.sessionId))}`;
}

function l1Text({ usedBytes, totalBytes }: { usedBytes: number; totalBytes: number }): string {
  const percent = totalBytes > 0 ? (usedBytes / totalBytes) * 100 : 0;
  const [used, total] = [usedBytes, totalBytes].map((bytes) => (bytes / GIB).toFixed(2));
  return `L1: ${used} of ${total} GiB used, ${percent.toFixed(1)} %`;
}
