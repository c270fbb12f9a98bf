import type { Meter } from "../../subscribers/otel_api.ts";
import type { Host } from "./host.ts";

const NAME = "v8js.gc.duration";
const MS_PER_S = 1_000;
/** What the semantic conventions advise. */
const SECONDS: readonly number[] = [0.01, 0.1, 1, 10];

/** V8's kinds of collections, as bits of what an entry says; the second is a minor one too. */
const TYPES: Readonly<Record<number, string>> = {
  1: "minor",
  2: "minor",
  4: "major",
  8: "incremental",
  16: "weakcb",
};

/** Where the durations go. */
export interface GcTarget {
  readonly meter: Meter;
  readonly onError: (names: readonly string[], error: unknown) => void;
}

/** Records how long collections of garbage take; only Node tells of them. */
export function observeGarbageCollection(
  { isNode, perfHooks: { PerformanceObserver } }: Host,
  { meter, onError }: GcTarget,
): Disposable | undefined {
  if (!isNode || PerformanceObserver === undefined) return undefined;
  const histogram = meter.createHistogram(NAME, {
    description: "Garbage collection duration",
    unit: "s",
    advice: { explicitBucketBoundaries: [...SECONDS] },
  });
  const observer = new PerformanceObserver((list) => {
    try {
      for (const { duration, detail } of list.getEntries()) {
        const type = TYPES[detail?.kind ?? 0] ?? "other";
        histogram.record(duration / MS_PER_S, { "v8js.gc.type": type });
      }
    } catch (error) {
      // What is thrown here would end the process.
      onError([NAME], error);
    }
  });
  observer.observe({ entryTypes: ["gc"] });
  return { [Symbol.dispose]: () => observer.disconnect() };
}
