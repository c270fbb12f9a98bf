import type { EventAttributes } from "../../catalog/attributes.ts";
import type { DeclaredInstrument } from "../../catalog/metric.ts";
import type { Steps } from "../../internal/slices.ts";
import type { Meter } from "../otel_api.ts";
import type { InstrumentMirror, MetricsMirror, MirroredInstrument } from "./mirror.ts";
import type { TraceContext } from "../trace_context.ts";
import type { CollectedMetric } from "./series.ts";

/** How many points are made between two looks at the clock. */
export const POINTS_PER_STEP = 64;

/** What went wrong with a value: no room for its attributes, one too long, or it is no measurement. */
export type Problem = "overflow" | "cut" | "invalid";

/** What the instruments of a subscriber have in common. */
export interface InstrumentParts {
  /** What they report to; without it they keep all values. */
  readonly meter: Meter | undefined;
  /** Where else their numbers are shown; without a meter only. */
  readonly mirror: MetricsMirror | undefined;
  /** When their sums begin, in milliseconds since the epoch. */
  readonly startTimeMs: number;
  /** Called with an instrument that has something to report, once until it is flushed. */
  readonly onTouched: (instrument: Instrument) => void;
  /** Called the first time that something goes wrong with an instrument. */
  readonly onProblem: (name: string, problem: Problem) => void;
  /** Called when a meter has read a gauge: there may be no event for long. */
  readonly onObserved: () => void;
  /** Called each time that a gauge cannot be read. */
  readonly onFailedRead: (name: string, error: unknown) => void;
  /** Milliseconds since the epoch, by the bus's clock. */
  readonly now: () => number;
}

/** Takes an instrument into the mirror, if there is one. */
export function mirrorOf(
  name: string,
  declared: DeclaredInstrument,
  parts: InstrumentParts,
  numbers: number,
): InstrumentMirror | undefined {
  return parts.mirror?.add(describe(name, declared, parts, numbers));
}

/** What a mirror is told of an instrument. */
export function describe(
  name: string,
  { kind, description, unit, combine, buckets }: DeclaredInstrument,
  { startTimeMs }: Pick<InstrumentParts, "startTimeMs">,
  numbers: number,
): MirroredInstrument {
  return {
    name,
    kind,
    description,
    unit,
    combine: combine ?? (kind === "gauge" ? "thread" : "sum"),
    startTimeMs,
    bounds: kind === "histogram" ? buckets : [],
    numbers,
  };
}

/** Aggregates the values of one declared metric. */
export interface Instrument {
  /** How many values were ignored: not finite, or negative for a counter. */
  readonly invalid: number;
  /** How many values were put into the overflow series. */
  readonly overflowed: number;
  /** How many names and values of attributes were cut. */
  readonly cut: number;
  /** How many series were left out because they had had no value for too long. */
  readonly expired: number;
  /** How often its values could not be read. */
  readonly failedReads: number;
  /** Records one value. */
  record(
    value: number,
    attributes: EventAttributes | undefined,
    context?: TraceContext,
    timestampMs?: number,
  ): void;
  /** Creates a series before its first value. */
  startAtZero(attributes: EventAttributes): void;
  /** Called at each registration with a bus. */
  begin(): void;
  /** Called when the subscriber is shut down. */
  end(): void;
  /** Reports to the meter what was added since the last call. */
  flush(): void;
  /** Copies all values, now; the steps make points of the copy. */
  collect(): Steps<CollectedMetric>;
}
