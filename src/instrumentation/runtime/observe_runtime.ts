import { assertMethod } from "../../internal/arguments.ts";
import type { Logger } from "../../internal/logger.ts";
import { assertKnownNames } from "../../internal/option_names.ts";
import { errorText, report } from "../../internal/reporting.ts";
import type { Meter } from "../../subscribers/otel_api.ts";
import {
  NO_OBSERVATION,
  type ObservationParts,
  startObservation,
} from "../../subscribers/self_metrics/observation.ts";
import { eventLoopDelay, eventLoopUtilization } from "./event_loop.ts";
import { observeGarbageCollection } from "./garbage_collection.ts";
import { heapLimit, heapSpaces, jscHeap } from "./heap.ts";
import { findHost, type Host } from "./host.ts";
import { cpuUsage, residentMemory, uptime } from "./process_usage.ts";

/** The options of {@linkcode observeRuntime}. */
export interface RuntimeMetricsOptions {
  /** Where the instruments are created. */
  readonly meter: Meter;
  /** Where it is logged, once for each metric, that it could not be read. Default: `console`. */
  readonly logger?: Logger | undefined;
  /** Ends the observation when it aborts, just as disposing it does. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

const ACTION = "observe the runtime";
const NAMES: readonly (keyof RuntimeMetricsOptions)[] = ["meter", "logger", "signal"];

/**
 * Exports what the runtime tells of itself as metrics, by OpenTelemetry's semantic conventions:
 * the event loop's delay, utilization and time, the heap, garbage collections, CPU time and
 * utilization, resident memory, uptime. `startObservability` calls it.
 *
 * - What a runtime does not tell is left out, and never 0; in a page and on Workers that is all.
 * - Only Deno and Bun have a timer of ours, as they do not measure the delay; it does not keep the
 *   process alive.
 * - A reading that throws leaves out its metrics alone; that is logged once.
 * - Deno permissions: none.
 *
 * @example
 * ```ts
 * import { observeRuntime } from "@busbar/busbar/instrumentation/runtime";
 * import { PrometheusMetrics } from "@busbar/busbar/otel";
 *
 * await using prometheus = new PrometheusMetrics();
 * using observation = observeRuntime({ meter: prometheus.meter });
 * const scrape = await prometheus.scrape();
 * if (!scrape.includes("\nprocess_memory_usage_bytes ")) throw new Error(scrape);
 * ```
 *
 * @returns a disposable that ends the observation
 * @throws {TypeError} if an option is unknown or invalid
 */
export function observeRuntime(options: RuntimeMetricsOptions): Disposable {
  assertKnownNames(ACTION, "option", options, NAMES);
  const { meter, logger = console, signal } = options;
  assertMethod(ACTION, "meter", meter, "createObservableGauge");
  if (signal?.aborted) return NO_OBSERVATION;
  const onError = reportOnce(logger);
  const started: Disposable[] = [];
  /** What fails here must not keep the rest from being started, or ended. */
  const attempt = (names: readonly string[], work: () => void) => {
    try {
      work();
    } catch (error) {
      onError(names, error);
    }
  };
  const observe = <Stats>(
    name: string,
    host: Host,
    parts: (host: Host) => ObservationParts<Stats> | undefined,
  ) =>
    attempt([name], () => {
      const found = parts(host);
      if (found !== undefined) {
        started.push(startObservation({ ...found, onError }, { meter, signal: undefined }));
      }
    });
  attempt(["the runtime"], () => {
    const host = findHost();
    if (host === undefined) return;
    observe("nodejs.eventloop.delay", host, eventLoopDelay);
    observe("nodejs.eventloop.utilization", host, eventLoopUtilization);
    observe("v8js.memory.heap", host, heapSpaces);
    observe("v8js.memory.heap.size_limit", host, heapLimit);
    observe("jsc.memory.heap", host, jscHeap);
    observe("process.cpu", host, cpuUsage);
    observe("process.memory", host, residentMemory);
    observe("process.uptime", host, uptime);
    attempt(["v8js.gc.duration"], () => {
      const observation = observeGarbageCollection(host, { meter, onError });
      if (observation !== undefined) started.push(observation);
    });
  });
  const end = () => {
    signal?.removeEventListener("abort", end);
    for (const one of started.splice(0)) attempt(["the runtime"], () => one[Symbol.dispose]());
  };
  signal?.addEventListener("abort", end);
  return { [Symbol.dispose]: end };
}

/** Logs what could not be read, each once: it may be so at every collection. */
function reportOnce(logger: Logger): (names: readonly string[], error: unknown) => void {
  const reported = new Set<string>();
  return (names, error) => {
    const what = names.join(", ");
    if (reported.has(what)) return;
    reported.add(what);
    report(logger, `Cannot read ${what}, left out of the metrics: ${errorText(error)}`);
  };
}
