import { REQUESTS_ARE_APART } from "../../internal/neutral_context.ts";

/** What the event loop has spent its time with since it began, in milliseconds. */
export interface LoopTime {
  readonly idle: number;
  readonly active: number;
}

/** A histogram of `node:perf_hooks`, in nanoseconds. */
export interface NodeHistogram {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly stddev: number;
  percentile(percentile: number): number;
  reset(): void;
  enable(): boolean;
  disable(): boolean;
}

/** A collection of garbage, as `node:perf_hooks` tells of it; its duration is in milliseconds. */
export interface GcEntry {
  readonly duration: number;
  readonly detail?: { readonly kind?: number };
}

/** `node:perf_hooks`, as far as it is used here. */
export interface PerfHooks {
  readonly performance?: { eventLoopUtilization?(): LoopTime };
  monitorEventLoopDelay?(options: { resolution: number }): NodeHistogram;
  readonly PerformanceObserver?: new (
    callback: (list: { getEntries(): readonly GcEntry[] }) => void,
  ) => { observe(options: { entryTypes: readonly string[] }): void; disconnect(): void };
}

/** A part of V8's heap, in bytes. */
export interface HeapSpace {
  readonly space_name: string;
  readonly space_size: number;
  readonly space_used_size: number;
  readonly space_available_size: number;
  readonly physical_space_size: number;
}

/** `node:v8`, as far as it is used here. */
export interface V8 {
  getHeapSpaceStatistics?(): readonly HeapSpace[];
  getHeapStatistics?(): { readonly heap_size_limit: number };
}

/** The global `process`, as far as it is used here. */
export interface Process {
  readonly versions?: Readonly<Record<string, string | undefined>>;
  getBuiltinModule?(id: string): unknown;
  /** In microseconds, since the process began. */
  cpuUsage?(): { readonly user: number; readonly system: number };
  /** In bytes. */
  memoryUsage?(): { readonly rss: number; readonly heapUsed: number };
  /** In seconds. */
  uptime?(): number;
}

/** What runs the program, as far as it tells of itself. */
export interface Host {
  readonly process: Process;
  /** Whether it is Node itself: others have its functions, of which some answer 0. */
  readonly isNode: boolean;
  /** Whether it is Bun, whose engine is not V8. */
  readonly isBun: boolean;
  readonly perfHooks: PerfHooks;
  readonly v8: V8;
  /** How many CPUs the process may use, if that is known. */
  readonly cpus: number | undefined;
}

/**
 * What runs the program; `undefined` in a page, which has no process, and where requests are kept
 * apart and clocks stand still. Node's modules are looked up and not imported: others lack them.
 */
export function findHost(): Host | undefined {
  const { process, navigator } = globalThis as {
    process?: Process;
    navigator?: { readonly hardwareConcurrency?: number };
  };
  const versions = process?.versions;
  if (process === undefined || versions === undefined || REQUESTS_ARE_APART) return undefined;
  const find = (name: string) => process.getBuiltinModule?.(`node:${name}`) ?? {};
  const { node, deno, bun } = versions;
  return {
    process,
    isNode: node !== undefined && deno === undefined && bun === undefined,
    isBun: bun !== undefined,
    perfHooks: find("perf_hooks") as PerfHooks,
    v8: find("v8") as V8,
    cpus: navigator?.hardwareConcurrency,
  };
}
