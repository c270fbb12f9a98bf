import { declare } from "../../../catalog/declare.ts";
import type { Measurement, MetricDeclaration } from "../../../catalog/metric.ts";
import type { KvCacheEvents } from "../../events/kv_cache_events.ts";

/** What the gauges of a key-value cache are read from. */
export interface KvCacheGauges {
  /** How many prefetches are open. */
  readonly activePrefetchJobs?: (() => number) | undefined;
  /** How many bytes L1 holds, and how many it can. */
  readonly l1?: (() => { readonly usedBytes: number; readonly totalBytes: number }) | undefined;
  /** The adapters of L2; each of their functions is called by itself. */
  readonly l2Adapters?:
    | (() => Iterable<{
      /** The adapter's name, such as `"disk"`. */
      readonly l2Name: string;
      /** Its place among the adapters. */
      readonly adapterIndex: number;
      /** How many bytes it holds: those of adapters of one name are added up. */
      readonly usageBytes?: (() => number) | undefined;
      /** How many of its stores are running. */
      readonly inflightStores?: (() => number) | undefined;
      /** How many of its loads are running. */
      readonly inflightLoads?: (() => number) | undefined;
      /** How many bytes of L1 its running loads have reserved. */
      readonly inflightLoadBytes?: (() => number) | undefined;
    }>)
    | undefined;
}

/** The names of {@linkcode KvCacheGauges}. */
export const GAUGES: readonly (keyof KvCacheGauges)[] = ["activePrefetchJobs", "l1", "l2Adapters"];

type Adapter = ReturnType<NonNullable<KvCacheGauges["l2Adapters"]>> extends Iterable<infer One>
  ? One
  : never;

const { gauge } = declare<KvCacheEvents>();

/** What a cache holds and what it is at, read at each scrape. */
export function gaugeMetrics(
  { activePrefetchJobs, l1, l2Adapters }: KvCacheGauges,
  maxAttributeSets: number,
): Record<string, MetricDeclaration<KvCacheEvents>> {
  const readL1 = () => l1?.() ?? { usedBytes: 0, totalBytes: 0 };
  const of = (unit: string, description: string, read: () => number | undefined) =>
    gauge({ unit, description, read, maxAttributeSets });
  const ofAdapters = (
    unit: string,
    description: string,
    attributeNames: readonly string[],
    read: (adapter: Adapter) => Measurement | undefined,
  ) =>
    gauge({
      unit,
      description,
      attributeNames,
      maxAttributeSets,
      read: () => readEach(l2Adapters?.() ?? [], read),
    });
  const running = (
    unit: string,
    description: string,
    value: (adapter: Adapter) => number | undefined,
  ) =>
    ofAdapters(unit, description, ["l2_name", "adapter_index"], (adapter) => {
      const { l2Name: l2_name, adapterIndex: adapter_index } = adapter;
      const current = value(adapter);
      return current === undefined
        ? undefined
        : { value: current, attributes: { l2_name, adapter_index } };
    });
  return {
    "active_prefetch_jobs": of("", "Prefetches that are open", () => activePrefetchJobs?.()),
    "l1_memory_usage_bytes": of("By", "Bytes that L1 holds", () => readL1().usedBytes),
    "l1_usage_ratio": of("1", "How full L1 is", () => {
      const { usedBytes, totalBytes } = readL1();
      return totalBytes === 0 ? 0 : usedBytes / totalBytes;
    }),
    "l2_usage_bytes": gauge({
      unit: "By",
      description: "Bytes that L2 holds, as each adapter says",
      attributeNames: ["l2_name"],
      maxAttributeSets,
      read: () => usagesByName(l2Adapters?.() ?? []),
    }),
    "num_inflight_l2_stores": running(
      "",
      "Stores of L2 that are running",
      (adapter) => adapter.inflightStores?.(),
    ),
    "num_inflight_l2_loads": running(
      "",
      "Loads of L2 that are running",
      (adapter) => adapter.inflightLoads?.(),
    ),
    "inflight_load_memory_usage_bytes": running(
      "By",
      "Bytes of L1 that running loads of L2 have reserved",
      (adapter) => adapter.inflightLoadBytes?.(),
    ),
  };
}

/** A name has one series, which is left out if any of its adapters fails: a part is no sum. */
function usagesByName(adapters: Iterable<Adapter>): Measurement[] {
  const usages = new Map<string | undefined, number>();
  for (const adapter of adapters) {
    let value: number | undefined;
    try {
      value = adapter.usageBytes?.();
    } catch {
      value = NaN; // left out, counted and logged
    }
    if (value === undefined) continue;
    const name = adapter.l2Name;
    usages.set(name, Number.isFinite(value) ? value + (usages.get(name) ?? 0) : NaN);
  }
  return [...usages].map(([l2_name, value]) => ({ value, attributes: { l2_name } }));
}

/** One adapter that fails has no series in this scrape, and takes those of no other with it. */
function readEach(
  adapters: Iterable<Adapter>,
  read: (adapter: Adapter) => Measurement | undefined,
): Measurement[] {
  const measurements: Measurement[] = [];
  for (const adapter of adapters) {
    try {
      const measured = read(adapter);
      if (measured !== undefined) measurements.push(measured);
    } catch {
      // What is no number is left out, counted and logged.
      measurements.push({ value: NaN });
    }
  }
  return measurements;
}
