/** A metric of the runtime. */
export interface RuntimeMetric {
  readonly name: string;
  /** Its unit, as OpenTelemetry writes it. */
  readonly unit: string;
  /** What it is called in a scrape. */
  readonly family: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** The attribute that tells its series apart. */
  readonly attribute?: string;
  /** Who has it. */
  readonly runtimes: readonly RuntimeName[];
}

/** The runtimes that tell of themselves. */
export type RuntimeName = "Deno" | "Node" | "Bun";

const ALL: readonly RuntimeName[] = ["Deno", "Node", "Bun"];
const V8: readonly RuntimeName[] = ["Deno", "Node"];
const SPACE = "v8js.heap.space.name";
const MODE = "cpu.mode";

/** All of them, as OpenTelemetry's semantic conventions have them (v1.44), and the two that these lack. */
export const RUNTIME_METRICS: readonly RuntimeMetric[] = [
  ...["min", "max", "mean", "stddev", "p50", "p90", "p99"].map((name) => ({
    name: `nodejs.eventloop.delay.${name}`,
    unit: "s",
    family: `nodejs_eventloop_delay_${name}_seconds`,
    type: "gauge" as const,
    runtimes: ALL,
  })),
  {
    name: "nodejs.eventloop.utilization",
    unit: "1",
    family: "nodejs_eventloop_utilization",
    type: "gauge",
    runtimes: ["Node"],
  },
  {
    name: "nodejs.eventloop.time",
    unit: "s",
    family: "nodejs_eventloop_time_seconds",
    type: "counter",
    attribute: "nodejs.eventloop.state",
    runtimes: ["Node"],
  },
  ...["used", "space.size", "space.available_size", "space.physical_size"].map((name) => ({
    name: `v8js.memory.heap.${name}`,
    unit: "By",
    family: `v8js_memory_heap_${name.replace(".", "_")}_bytes`,
    type: "gauge" as const,
    attribute: SPACE,
    runtimes: V8,
  })),
  {
    name: "v8js.memory.heap.size_limit",
    unit: "By",
    family: "v8js_memory_heap_size_limit_bytes",
    type: "gauge",
    runtimes: V8,
  },
  {
    name: "jsc.memory.heap.used",
    unit: "By",
    family: "jsc_memory_heap_used_bytes",
    type: "gauge",
    runtimes: ["Bun"],
  },
  {
    name: "v8js.gc.duration",
    unit: "s",
    family: "v8js_gc_duration_seconds",
    type: "histogram",
    attribute: "v8js.gc.type",
    runtimes: ["Node"],
  },
  {
    name: "process.cpu.time",
    unit: "s",
    family: "process_cpu_time_seconds",
    type: "counter",
    attribute: MODE,
    runtimes: ALL,
  },
  {
    name: "process.cpu.utilization",
    unit: "1",
    family: "process_cpu_utilization",
    type: "gauge",
    attribute: MODE,
    runtimes: ALL,
  },
  {
    name: "process.memory.usage",
    unit: "By",
    family: "process_memory_usage_bytes",
    type: "gauge",
    runtimes: ALL,
  },
  {
    name: "process.uptime",
    unit: "s",
    family: "process_uptime_seconds",
    type: "gauge",
    runtimes: ALL,
  },
];

/** The runtime that runs the test. */
export const RUNTIME: RuntimeName = (() => {
  const { Deno, Bun } = globalThis as { Deno?: unknown; Bun?: unknown };
  return Bun !== undefined ? "Bun" : Deno !== undefined ? "Deno" : "Node";
})();

/** What this runtime is to show. */
export const METRICS_HERE: readonly RuntimeMetric[] = RUNTIME_METRICS.filter(({ runtimes }) =>
  runtimes.includes(RUNTIME)
);
