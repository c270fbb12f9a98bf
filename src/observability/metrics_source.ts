import { pause } from "../internal/timers.ts";
import type { SharedMetrics } from "../threads/shared_metrics.ts";
import type { ObservabilityConfig } from "./config/config.ts";
import { resolveConfig, type StartOptions } from "./start_options.ts";
import type { SharedDeltaPush, TelemetryOptions } from "./telemetry/telemetry.ts";

/** What metrics are scraped and pushed, as far as that is known only once there is a telemetry. */
export interface MetricsSource extends Pick<Required<TelemetryOptions>, "collect"> {
  readonly pushes: () => boolean | Promise<boolean>;
  readonly isPusher: () => boolean;
  readonly instanceId: () => string | undefined;
  readonly deltas: SharedDeltaPush | undefined;
}

/** That of a thread which has nothing to do with others. */
export function sourceOfThread(collect: MetricsSource["collect"]): MetricsSource {
  return {
    collect,
    pushes: () => true,
    isPusher: () => true,
    instanceId: () => undefined,
    deltas: undefined,
  };
}

/** That of several threads. @param isEnding whether this one shuts down */
export function sourceOfThreads<Events extends object>(
  shared: SharedMetrics<Events>,
  start: { readonly config: ObservabilityConfig; readonly options: StartOptions<Events> },
  isEnding: () => boolean,
): MetricsSource {
  const pushes = () => pushesForAll(shared, isEnding());
  return {
    collect: () => shared.collect(),
    pushes,
    isPusher: () => shared.membership.has("push"),
    instanceId: instanceIdOf(shared, start),
    deltas: deltasOf(shared, start.config, pushes),
  };
}

/** What is pushed as deltas of all threads; `undefined` where totals are pushed, or nothing. */
function deltasOf<Events extends object>(
  shared: SharedMetrics<Events>,
  { otlp: { metrics } }: ObservabilityConfig,
  pushes: () => boolean | Promise<boolean>,
): SharedDeltaPush | undefined {
  const { temporalityPreference: preference = "cumulative" } = metrics ?? {};
  return preference === "cumulative" ? undefined : shared.deltas({ preference, pushes });
}

/**
 * Which instance of the service the metrics are of, as long as nobody has said so: all threads are one,
 * whichever is scraped, and whichever pushes. What the others push, which is theirs alone, is of their
 * own instances.
 */
function instanceIdOf<Events extends object>(
  shared: SharedMetrics<Events>,
  { config, options }: {
    readonly config: ObservabilityConfig;
    readonly options: StartOptions<Events>;
  },
): () => string | undefined {
  // What is another one each time nobody has said.
  const isSaid = resolveConfig(options).serviceInstanceId === config.serviceInstanceId;
  if (isSaid) return () => undefined;
  const isPushed = config.otlp.metrics !== undefined;
  return () => !isPushed || shared.membership.has("push") ? shared.groupId : undefined;
}

/** How often a thread that ends looks whether who pushes is gone, and how long it waits between. */
const LOOKS = 25;
const LOOK_MS = 10;

/**
 * Whether this thread pushes what all have counted, now. If another does, which may be ending as well,
 * and have pushed before this one had counted all, a thread that ends gives it some time to be gone.
 */
async function pushesForAll<Events extends object>(
  { membership }: SharedMetrics<Events>,
  isEnding: boolean,
): Promise<boolean> {
  const { signal } = new AbortController();
  // Not by the clock: a thread that is stopped for long would see nothing of what became of the other.
  for (let left = isEnding ? LOOKS : 0;; left--) {
    if (membership.acquire("push")) return true;
    if (left === 0) return false;
    await pause(LOOK_MS, signal);
  }
}
