import { assertEquals } from "@std/assert";
import { observeRuntime } from "@busbar/busbar/instrumentation/runtime";
import { MemoryLogger } from "@busbar/busbar/testing";
import { collectingMeter } from "../../support/collecting_meter.ts";
import { builtinModules, pretendProcess } from "../../support/pretended_runtime.ts";
import { steeredTime } from "../../support/steered_time.ts";
import { holdTimers } from "../../support/watched_timers.ts";

const RESOLUTION_MS = 100;

/** Node's histogram of the time between two measurements; a test says what is in it. */
class Intervals {
  enabled = false;
  resets = 0;
  /** The longest, in milliseconds. */
  longestMs = 0;
  count = 1;

  get min(): number {
    return this.max / 4;
  }

  get max(): number {
    return this.longestMs * 1e6;
  }

  get mean(): number {
    return this.max / 2;
  }

  readonly stddev: number = 5e6;

  percentile(percent: number): number {
    return this.max * percent / 100;
  }

  reset(): void {
    this.resets++;
    this.longestMs = 0;
    this.count = 0;
  }

  enable(): boolean {
    return this.enabled = true;
  }

  disable(): boolean {
    this.enabled = false;
    return true;
  }
}

type GcList = { getEntries(): { duration: number; detail?: { kind: number } }[] };

/** Pretends to be Node, until the end of the scope. */
function pretendNode(versions: Record<string, string> = { node: "24.0.0" }) {
  const intervals: Intervals[] = [];
  const resolutions: number[] = [];
  const observers = new Set<(list: GcList) => void>();
  class PerformanceObserver {
    readonly #callback: (list: GcList) => void;

    constructor(callback: (list: GcList) => void) {
      this.#callback = callback;
    }

    observe({ entryTypes }: { entryTypes: string[] }): void {
      if (entryTypes.join() === "gc") observers.add(this.#callback);
    }

    disconnect(): void {
      observers.delete(this.#callback);
    }
  }
  const monitorEventLoopDelay = ({ resolution }: { resolution: number }) => {
    resolutions.push(resolution);
    const made = new Intervals();
    intervals.push(made);
    return made;
  };
  const process = pretendProcess({
    versions,
    ...builtinModules({ "node:perf_hooks": { monitorEventLoopDelay, PerformanceObserver } }),
  });
  return {
    intervals,
    resolutions,
    observers,
    /** A collection of garbage of each kind, of so many milliseconds. */
    collect: (...entries: [kind: number | undefined, ms: number][]) => {
      const list = entries.map(([kind, duration]) =>
        kind === undefined ? { duration } : { duration, detail: { kind } }
      );
      for (const observer of observers) observer({ getEntries: () => list });
    },
    [Symbol.dispose]: () => process[Symbol.dispose](),
  };
}

Deno.test("a delay is what Node's interval has beyond the time between two measurements", () => {
  using timers = holdTimers(RESOLUTION_MS);
  using node = pretendNode();
  const { meter, collect } = collectingMeter();
  using _observation = observeRuntime({ meter });
  assertEquals(node.resolutions, [RESOLUTION_MS, RESOLUTION_MS]);
  for (const one of node.intervals) one.longestMs = 300;
  const values = [...collect()].map(([name, seconds]) => [
    name.replace("nodejs.eventloop.delay.", ""),
    Math.round(seconds * 1_000),
  ]);
  assertEquals(values, [
    ["min", 0], // 75 ms: the measurement came early
    ["max", 200],
    ["mean", 50],
    ["stddev", 5],
    ["p50", 50],
    ["p90", 170],
    ["p99", 197],
  ]);
  assertEquals(timers.waiting.length, 0);
});

Deno.test("once a minute the older of two histograms begins anew, after it was read", () => {
  using time = steeredTime();
  using node = pretendNode();
  const { meter, collect } = collectingMeter();
  using _observation = observeRuntime({ meter });
  const [one, other] = node.intervals as [Intervals, Intervals];
  const max = () => Math.round((collect().get("nodejs.eventloop.delay.max") ?? NaN) * 1_000);
  one.longestMs = 110;
  other.longestMs = 120;
  time.pass(59_999);
  assertEquals([max(), one.resets], [10, 0]);
  time.pass(1);
  assertEquals([max(), one.resets], [10, 1]);
  assertEquals([max(), max(), other.resets], [20, 20, 0]);
  time.pass(60_000);
  assertEquals([max(), one.resets, other.resets], [20, 1, 1]);
  // It has not measured anything yet.
  assertEquals(collect().size, 0);
});

Deno.test("collections of garbage are recorded by their kind, in seconds", () => {
  using node = pretendNode();
  const { meter, recorded } = collectingMeter();
  const { createHistogram } = meter;
  let bounds: readonly number[] | undefined;
  meter.createHistogram = (name, options) => {
    bounds = options?.advice?.explicitBucketBoundaries;
    return createHistogram(name, options);
  };
  using _observation = observeRuntime({ meter });
  // What the conventions advise.
  assertEquals(bounds, [0.01, 0.1, 1, 10]);
  node.collect([1, 2], [2, 3], [4, 40], [8, 0.5], [16, 0.25], [32, 1], [undefined, 1]);
  assertEquals(
    recorded.map(({ name, value, attributes }) => [name, value, attributes?.["v8js.gc.type"]]),
    [
      [2, "minor"],
      [3, "minor"],
      [40, "major"],
      [0.5, "incremental"],
      [0.25, "weakcb"],
      [1, "other"],
      [1, "other"],
    ].map(([ms, type]) => ["v8js.gc.duration", ms as number / 1_000, type]),
  );
});

Deno.test("a histogram that throws ends no process, and is logged once", () => {
  using node = pretendNode();
  const logger = new MemoryLogger();
  const { meter } = collectingMeter();
  meter.createHistogram = () => ({
    record: () => {
      throw new Error("full");
    },
  });
  using _observation = observeRuntime({ meter, logger });
  for (let i = 0; i < 3; i++) node.collect([1, 2]);
  assertEquals(logger.lines, [
    "busbar: Cannot read v8js.gc.duration, left out of the metrics: full",
  ]);
});

Deno.test("all of it ends with the observation", () => {
  using node = pretendNode();
  const { meter } = collectingMeter();
  const observation = observeRuntime({ meter });
  assertEquals([node.intervals.map(({ enabled }) => enabled), node.observers.size], [
    [true, true],
    1,
  ]);
  observation[Symbol.dispose]();
  assertEquals([node.intervals.map(({ enabled }) => enabled), node.observers.size], [
    [false, false],
    0,
  ]);
});

Deno.test("who only has Node's functions is not asked", () => {
  for (const other of [{ deno: "2.9.6" }, { bun: "1.4.0" }]) {
    using node = pretendNode({ node: "24.0.0", ...other });
    const { meter } = collectingMeter();
    using _observation = observeRuntime({ meter });
    assertEquals([node.intervals.length, node.observers.size], [0, 0]);
  }
});
