import type { ScopeMetrics } from "@opentelemetry/sdk-metrics";

/**
 * Deltas that others may push as well: of several threads one pushes those of all, and another goes on
 * where it left off.
 */
export interface DeltaSource {
  /**
   * Takes hold of what has come since the last push.
   *
   * @returns `undefined` if others push it
   */
  take(): Promise<TakenDeltas | undefined>;
  /** Whether others push what is left here. */
  readonly hasHeirs: boolean;
}

/** Deltas in the hands of who pushes them. */
export interface TakenDeltas {
  readonly scopeMetrics: readonly ScopeMetrics[];
  /** Lets them go: to be called once, whatever becomes of the push. */
  end(isAccepted: boolean): void;
}

/** The option that a source is handed on by. */
export const DELTA_SOURCE = Symbol("deltaSource");

/** Options that may have a source. */
export interface WithDeltaSource {
  readonly [DELTA_SOURCE]?: DeltaSource | undefined;
}
