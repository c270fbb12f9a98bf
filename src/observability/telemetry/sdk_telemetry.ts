import { resourceFromAttributes } from "@opentelemetry/resources";
import { awaitInNeutralContext } from "../../internal/neutral_context.ts";
import type { ExportStatsBySignal } from "../../subscribers/self_metrics/observe_export.ts";
import { resourceAttributesOf } from "./detect_resource.ts";
import type { Step } from "../steps.ts";
import { registerGlobalProviders } from "./global_providers.ts";
import { createLogsSignal } from "./logs_signal.ts";
import { createMetricsSignal } from "./metrics_signal.ts";
import { globalPropagation } from "./propagation.ts";
import type { Signal } from "./signal.ts";
import type { Telemetry, TelemetryOptions } from "./telemetry.ts";
import { createTracesSignal } from "./traces_signal.ts";

/** An OpenTelemetry SDK of our own: pulled, pushed, or both. */
export function createSdkTelemetry(options: TelemetryOptions): Telemetry {
  const { config } = options;
  const resourceAttributes = resourceAttributesOf(config);
  const resource = resourceFromAttributes({
    ...resourceAttributes,
    "service.name": config.serviceName,
    "service.instance.id": config.serviceInstanceId,
  });
  const traces = createTracesSignal(options, resource);
  const logs = createLogsSignal(options, resource);
  const metrics = createMetricsSignal(options, resourceAttributes);
  const signals: [name: string, noun: string, signal: Signal][] = [];
  if (traces !== undefined) signals.push(["traces", "spans", traces]);
  if (logs !== undefined) signals.push(["logs", "log records", logs]);
  signals.push(["metrics", "metrics", metrics]);
  return {
    meter: metrics.meter,
    recordsThroughMeter: false,
    tracer: traces?.tracer,
    deferAttributes: false,
    logger: logs?.logger,
    scrape: config.metricsEnabled ? metrics.scrape : undefined,
    failedCallbacks: metrics.failedCallbacks,
    exportStats: () => statsOf(signals),
    registerGlobally: () =>
      registerGlobalProviders([
        // Metrics first: whoever is in the way is most often a meter provider.
        ...[metrics, traces, logs].flatMap((signal) => signal?.globalProvider ?? []),
        ...globalPropagation(),
      ]),
    flushSteps: signals.flatMap(([, noun, { flush }]) => stepOf(`flush ${noun}`, flush)),
    // Where one of them finds nobody who takes it, the others still get their time.
    shutdownSteps: signals.flatMap(([, noun, { shutdown }]) =>
      stepOf(`shut ${noun} down`, shutdown).map((step) => ({ ...step, share: SIGNAL_SHARE }))
    ),
    abort: () => {
      for (const [, , signal] of signals) signal.abort();
    },
  };
}

/** The share of a shutdown's time that the next signal waits for one. */
const SIGNAL_SHARE = 0.5;

/** A step that sends what is left in nobody's async context. */
function stepOf(name: string, work: Step["run"] | undefined): Step[] {
  if (work === undefined) return [];
  return [{
    name,
    run: (remainingMs) => awaitInNeutralContext(async () => await work(remainingMs)),
  }];
}

function statsOf(signals: readonly [string, string, Signal][]): ExportStatsBySignal {
  return Object.fromEntries(
    signals.flatMap(([name, , { exportStats }]) =>
      exportStats === undefined ? [] : [[name, exportStats()]]
    ),
  );
}
