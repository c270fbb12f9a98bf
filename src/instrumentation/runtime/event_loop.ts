import { monotonicMs } from "../../internal/clocks.ts";
import type { ObservationParts, Observed } from "../../subscribers/self_metrics/observation.ts";
import { Baseline, type Snapshot } from "./baseline.ts";
import type { Host, LoopTime } from "./host.ts";
import { type DelaySummary, LoopMonitor } from "./loop_monitor.ts";

const MS_PER_S = 1_000;

const DELAY_INSTRUMENTS: readonly Observed<DelaySummary>[] = ([
  ["min", "Event loop minimum delay"],
  ["max", "Event loop maximum delay"],
  ["mean", "Event loop mean delay"],
  ["stddev", "Event loop standard deviation delay"],
  ["p50", "Event loop 50 percentile delay"],
  ["p90", "Event loop 90 percentile delay"],
  ["p99", "Event loop 99 percentile delay"],
] as const).map(([name, description]) => ({
  name: `nodejs.eventloop.delay.${name}`,
  kind: "gauge",
  description,
  unit: "s",
  rows: (delays) => [[delays[name] / MS_PER_S]],
}));

/** How late the event loop is, on every runtime. */
export function eventLoopDelay(host: Host): ObservationParts<DelaySummary> {
  const monitor = new LoopMonitor(host);
  return {
    stats: () => monitor.read(),
    instruments: DELAY_INSTRUMENTS,
    onEnd: () => monitor[Symbol.dispose](),
  };
}

/** The loop's time at one reading, and what its utilization is measured since. */
interface Utilization {
  readonly now: LoopTime;
  readonly since: LoopTime;
}

const UTILIZATION_INSTRUMENTS: readonly Observed<Utilization>[] = [
  {
    name: "nodejs.eventloop.utilization",
    kind: "gauge",
    description: "Event loop utilization",
    unit: "1",
    rows: ({ now, since }) => {
      const active = now.active - since.active;
      const total = active + now.idle - since.idle;
      return total > 0 ? [[active / total]] : [];
    },
  },
  {
    name: "nodejs.eventloop.time",
    kind: "counter",
    description: "Cumulative duration of time the event loop has been in each state",
    unit: "s",
    rows: ({ now: { active, idle } }) => [
      [active / MS_PER_S, { "nodejs.eventloop.state": "active" }],
      [idle / MS_PER_S, { "nodejs.eventloop.state": "idle" }],
    ],
  },
];

/** What the event loop's time goes into, where the runtime knows: others answer 0. */
export function eventLoopUtilization(
  { perfHooks: { performance } }: Host,
): ObservationParts<Utilization> | undefined {
  if (typeof performance?.eventLoopUtilization !== "function") return undefined;
  const read = (): LoopTime & Snapshot => {
    const { active, idle } = performance.eventLoopUtilization!();
    return { active, idle, atMs: monotonicMs() };
  };
  const baseline = new Baseline(read());
  return {
    stats: () => {
      const now = read();
      return now.active + now.idle > 0 ? { now, since: baseline.since(now) } : undefined;
    },
    instruments: UTILIZATION_INSTRUMENTS,
  };
}
