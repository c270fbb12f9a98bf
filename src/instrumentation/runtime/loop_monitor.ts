import { clearTimer, monotonicMs, setTimer, type Timer } from "../../internal/clocks.ts";
import { inNeutralContext } from "../../internal/neutral_context.ts";
import { unref } from "../../internal/timers.ts";
import { DelayHistogram, type Delays } from "./delay_histogram.ts";
import type { Host, NodeHistogram } from "./host.ts";

/**
 * How often the delay is measured, in milliseconds. Each measurement wakes the process, which is all
 * that an idle one pays; a busy one notices nothing.
 */
export const RESOLUTION_MS = 100;
/** For how long a delay is shown at least, in milliseconds: as long as most readers wait at most. */
const WINDOW_MS = 60_000;
const NS_PER_MS = 1e6;

/** What was measured, in milliseconds. */
export interface DelaySummary {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly stddev: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** What measures delays until it is disposed, into each of its histograms. */
interface Monitor extends Disposable {
  readonly histograms: readonly [Delays, Delays];
}

/**
 * How late the event loop was for its timers, in the last one to two minutes. There may be several
 * readers, so no reading ends a measurement: of two histograms the older is shown, and begins anew
 * once the newer is old enough. Whoever reads at least once a minute misses nothing.
 */
export class LoopMonitor implements Disposable {
  readonly #monitor: Monitor;
  #older: Delays;
  #newer: Delays;
  #newerSinceMs = monotonicMs();

  constructor(host: Host) {
    this.#monitor = startNodeMonitor(host) ?? new TimerMonitor();
    [this.#older, this.#newer] = this.#monitor.histograms;
  }

  /** What was measured, if anything was. */
  read(): DelaySummary | undefined {
    const delays = this.#older;
    const summary = delays.count > 0 ? summarize(delays) : undefined;
    const now = monotonicMs();
    if (now - this.#newerSinceMs >= WINDOW_MS) {
      delays.reset();
      [this.#older, this.#newer] = [this.#newer, delays];
      this.#newerSinceMs = now;
    }
    return summary;
  }

  [Symbol.dispose](): void {
    this.#monitor[Symbol.dispose]();
  }
}

function summarize(delays: Delays): DelaySummary {
  const { min, max, mean, stddev } = delays;
  return {
    min,
    max,
    mean,
    stddev,
    p50: delays.percentile(50),
    p90: delays.percentile(90),
    p99: delays.percentile(99),
  };
}

/** A timer of our own, where the runtime measures nothing; it does not keep the process alive. */
class TimerMonitor implements Monitor {
  readonly histograms: readonly [DelayHistogram, DelayHistogram] = [
    new DelayHistogram(),
    new DelayHistogram(),
  ];
  #dueMs = NaN;
  #timer: Timer | undefined;
  #ended = false;

  constructor() {
    // A timer of the caller's would keep what its request has in its async context.
    inNeutralContext(() => {
      if (Number.isNaN(this.#dueMs)) this.#arm(monotonicMs());
    });
  }

  #arm(now: number): void {
    if (this.#ended) return;
    this.#dueMs = now + RESOLUTION_MS;
    this.#timer = setTimer(this.#measure, RESOLUTION_MS);
    unref(this.#timer);
  }

  readonly #measure = (): void => {
    const now = monotonicMs();
    const delayMs = Math.max(0, now - this.#dueMs);
    for (const histogram of this.histograms) histogram.record(delayMs);
    this.#arm(now);
  };

  [Symbol.dispose](): void {
    this.#ended = true;
    clearTimer(this.#timer);
  }
}

/** Node's own measurement, which costs less than a timer: it calls no JavaScript. */
function startNodeMonitor({ isNode, perfHooks }: Host): Monitor | undefined {
  if (!isNode || typeof perfHooks.monitorEventLoopDelay !== "function") return undefined;
  const start = (): NodeHistogram | undefined => {
    const histogram = perfHooks.monitorEventLoopDelay?.({ resolution: RESOLUTION_MS });
    histogram?.enable();
    return histogram;
  };
  const [one, other] = [start(), start()];
  if (one === undefined || other === undefined) return undefined;
  return {
    histograms: [new NodeDelays(one), new NodeDelays(other)],
    [Symbol.dispose]: () => {
      one.disable();
      other.disable();
    },
  };
}

/** Node's histogram is of the time from one measurement to the next, most of which is no delay. */
class NodeDelays implements Delays {
  readonly #histogram: NodeHistogram;

  constructor(histogram: NodeHistogram) {
    this.#histogram = histogram;
  }

  get count(): number {
    return this.#histogram.count;
  }

  get min(): number {
    return delayMs(this.#histogram.min);
  }

  get max(): number {
    return delayMs(this.#histogram.max);
  }

  get mean(): number {
    return delayMs(this.#histogram.mean);
  }

  get stddev(): number {
    return this.#histogram.stddev / NS_PER_MS;
  }

  percentile(percent: number): number {
    return delayMs(this.#histogram.percentile(percent));
  }

  reset(): void {
    this.#histogram.reset();
  }
}

function delayMs(intervalNs: number): number {
  return Math.max(0, intervalNs / NS_PER_MS - RESOLUTION_MS);
}
