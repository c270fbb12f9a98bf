import { NO_OBSERVATION, type Observed, rowsBy, startObservation } from "./observation.ts";
import { resolveSelfMetricsOptions, type SelfMetricsOptions } from "./options.ts";

type FailuresByMetric = Readonly<Record<string, number>>;

const INSTRUMENTS: readonly Observed<FailuresByMetric>[] = [{
  name: "metrics.failed_callbacks",
  kind: "counter",
  description: "Callbacks of instruments that failed or took too long at a scrape",
  rows: (failures) => rowsBy("metric", failures),
}];

/**
 * Exports how often callbacks failed as the counter `<prefix>.metrics.failed_callbacks`, by `metric`.
 *
 * @param failures read at each collection; `undefined` creates nothing
 */
export function observeCallbacks(
  failures: (() => FailuresByMetric) | undefined,
  options: SelfMetricsOptions,
): Disposable {
  if (failures === undefined) return NO_OBSERVATION;
  const resolved = resolveSelfMetricsOptions("observe callbacks", options);
  return startObservation({ stats: failures, instruments: INSTRUMENTS }, resolved);
}
