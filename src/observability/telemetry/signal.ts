import type { OtlpTarget } from "../../otel/otlp/otlp_target.ts";
import type { ExportStats } from "../../subscribers/self_metrics/observe_export.ts";
import type { Step } from "../steps.ts";
import type { GlobalProvider } from "./global_providers.ts";

/** How one of the three signals leaves the process. */
export interface Signal {
  /** What became of what was pushed; `undefined` if it is not pushed. */
  readonly exportStats: (() => ExportStats) | undefined;
  /** What can be made OpenTelemetry's global provider, if there is something. */
  readonly globalProvider: GlobalProvider | undefined;
  /** Pushes what waits; `undefined` if it is not pushed. */
  readonly flush: Step["run"] | undefined;
  /** Pushes what waits, and ends. */
  readonly shutdown: Step["run"] | undefined;
  /** Cuts off the push that is under way. */
  abort(): void;
}

/**
 * A target whose requests end with the export: one that nobody waits for would go on beside the
 * next.
 */
export function capTimeout<Target extends OtlpTarget>(target: Target, timeoutMs: number): Target {
  return { ...target, timeoutMs: Math.min(target.timeoutMs, timeoutMs) };
}
