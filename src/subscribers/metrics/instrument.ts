import type { EventAttributes } from "../../catalog/attributes.ts";
import type { TraceContext } from "../trace_context.ts";
import type { CollectedMetric } from "./series.ts";

/** Aggregates the values of one declared metric. */
export interface Instrument {
  /** How many values were ignored: not finite, or negative for a counter. */
  readonly invalid: number;
  /** How many values were put into the overflow series. */
  readonly overflowed: number;
  /** Records one value. */
  record(
    value: number,
    attributes: EventAttributes | undefined,
    context?: TraceContext,
    timestampMs?: number,
  ): void;
  /** Creates the series without attributes before the first value. */
  startAtZero(): void;
  /** Reports to a meter what was added since the last call. */
  flush(): void;
  /** A copy of all series. */
  collect(): CollectedMetric;
}
