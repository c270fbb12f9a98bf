import { monotonicMs } from "../../internal/clocks.ts";
import type { ObservationParts, Observed } from "../../subscribers/self_metrics/observation.ts";
import { Baseline, type Snapshot } from "./baseline.ts";
import type { Host } from "./host.ts";

const MS_PER_S = 1_000;
const US_PER_S = 1e6;
const MODES = ["user", "system"] as const;

/** CPU time since the process began, in microseconds. */
interface CpuTime extends Snapshot {
  readonly user: number;
  readonly system: number;
}

/** The CPU time at one reading, and what the utilization is measured since. */
interface CpuUsage {
  readonly now: CpuTime;
  readonly since: CpuTime;
}

/** What the process takes of the CPUs. */
export function cpuUsage({ process, cpus }: Host): ObservationParts<CpuUsage> | undefined {
  if (typeof process.cpuUsage !== "function") return undefined;
  const read = (): CpuTime => {
    const { user, system } = process.cpuUsage!();
    return { user, system, atMs: monotonicMs() };
  };
  const baseline = new Baseline(read());
  return {
    stats: () => {
      const now = read();
      return now.user + now.system > 0 ? { now, since: baseline.since(now) } : undefined;
    },
    instruments: [
      {
        name: "process.cpu.time",
        kind: "counter",
        description: "Total CPU seconds broken down by different CPU modes",
        unit: "s",
        rows: ({ now }) => MODES.map((mode) => [now[mode] / US_PER_S, { "cpu.mode": mode }]),
      },
      ...cpus === undefined ? [] : [utilization(cpus)],
    ],
  };
}

function utilization(cpus: number): Observed<CpuUsage> {
  return {
    name: "process.cpu.utilization",
    kind: "gauge",
    description: "CPU time since an earlier reading, divided by the time and the available CPUs",
    unit: "1",
    rows: ({ now, since }) => {
      const availableUs = (now.atMs - since.atMs) / MS_PER_S * US_PER_S * cpus;
      if (availableUs <= 0) return [];
      return MODES.map((mode) => [(now[mode] - since[mode]) / availableUs, { "cpu.mode": mode }]);
    },
  };
}

/** The memory that the process holds. */
export function residentMemory({ process }: Host): ObservationParts<number> | undefined {
  if (typeof process.memoryUsage !== "function") return undefined;
  return {
    stats: () => process.memoryUsage!().rss || undefined,
    instruments: [{
      name: "process.memory.usage",
      kind: "upDownCounter",
      description: "The amount of physical memory in use",
      unit: "By",
      rows: (bytes) => [[bytes]],
    }],
  };
}

/** How long the process has been running. */
export function uptime({ process }: Host): ObservationParts<number> | undefined {
  if (typeof process.uptime !== "function") return undefined;
  return {
    stats: () => process.uptime!() || undefined,
    instruments: [{
      name: "process.uptime",
      kind: "gauge",
      description: "The time the process has been running",
      unit: "s",
      rows: (seconds) => [[seconds]],
    }],
  };
}
