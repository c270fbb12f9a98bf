import { type BusEvent, EventBus } from "@busbar/busbar";
import { currentContext, withSession } from "@busbar/busbar/context";
import { kvCacheCatalog, type KvCacheEvents, registerKvCache } from "@busbar/busbar/kv-cache";
import { TracingSubscriber } from "@busbar/busbar/subscribers";
import { trace } from "@opentelemetry/api";
import { PrometheusMetrics } from "@busbar/busbar/otel";
import { DatabaseSync } from "node:sqlite";
import { DiskTier } from "../../examples/kv_cache_server/cache/disk_tier.ts";
import { MemoryTier } from "../../examples/kv_cache_server/cache/memory_tier.ts";
import type { ChunkId } from "../../examples/kv_cache_server/cache/chunk.ts";
import type { Client, Ranks } from "../../examples/kv_cache_server/cache/client.ts";
import { PrefixCache } from "../../examples/kv_cache_server/cache/prefix_cache.ts";
import type { ServerEvents } from "../../examples/kv_cache_server/events.ts";
import { type Fault, Faults } from "../../examples/kv_cache_server/faults.ts";
import { samples } from "./samples.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** A cache of the example's, within the test. */
export async function openCache(
  options: {
    l1?: number;
    l2?: number;
    faults?: readonly Fault[];
    stopping?: AbortSignal;
  } = {},
) {
  const folder = await temporaryFolder();
  const path = `${folder.path}/l2.sqlite`;
  const metrics = new PrometheusMetrics();
  const warnings: string[] = [];
  const bus = new EventBus<ServerEvents>({
    maxQueueSize: 100_000,
    context: currentContext,
    logger: { warn: (text) => warnings.push(text) },
  }).start();
  registerKvCache(bus, { meter: metrics.meter });
  const tracing = new TracingSubscriber<KvCacheEvents>({
    tracer: trace.getTracer("test"), // spans that go nowhere, and are counted
    spans: kvCacheCatalog().spans ?? {},
  });
  bus.registerSubscriber(tracing);
  const events: BusEvent<string, Record<string, unknown>>[] = [];
  bus.subscribeAll((event) => events.push(event as typeof events[number]));
  const faults = new Faults(options.faults);
  const l1 = new MemoryTier(options.l1 ?? 100);
  const reported: string[] = [];
  const report = (text: string) => reported.push(text);
  const l2 = new DiskTier({ path, capacity: options.l2 ?? 100, bus, faults, report });
  const { stopping = new AbortController().signal } = options;
  const cache = new PrefixCache({ l1, l2, bus, faults, stopping });
  let closed: Promise<void> | undefined;
  const close = () => closed ??= l2[Symbol.asyncDispose]();
  return {
    bus,
    faults,
    cache,
    /** What the disk has reported. */
    reported,
    /** The cache's operations, each in a session. */
    inSession(sessionId: string) {
      return {
        handle: (ids: readonly ChunkId[], ...ranks: Ranks) =>
          withSession({ sessionId }, () => cache.handle(ids, ...ranks)),
        lookUp: (ids: readonly ChunkId[], ...ranks: Ranks) =>
          withSession({ sessionId }, () => cache.lookUp(ids, ...ranks)),
        retrieve: (ids: readonly ChunkId[], client: Client) =>
          withSession({ sessionId }, () => cache.retrieve(ids, client)),
      };
    },
    l1,
    l2,
    tracing,
    /** Everything that was published, in order. */
    async published() {
      await l2.idle();
      await bus.flush();
      return events;
    },
    /** Of the types, in order. */
    async types() {
      return (await this.published()).map(({ type }) => type);
    },
    async scrape() {
      await this.published();
      return samples(await metrics.scrape());
    },
    /** Closes the disk tier, and counts what is on the disk. */
    async onDisk(): Promise<{ chunks: number; bytes: number }> {
      await close();
      const file = new DatabaseSync(path, { readOnly: true });
      const row = file.prepare("SELECT count(*) AS n, sum(length(bytes)) AS b FROM chunks").get();
      file.close();
      return { chunks: Number(row?.["n"]), bytes: Number(row?.["b"]) };
    },
    async [Symbol.asyncDispose]() {
      await bus.stop();
      await metrics[Symbol.asyncDispose]();
      await close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** The sum over all series of a name, and by the value of one label. */
export function totals(found: Record<string, number>, name: string, label: string) {
  const by: Record<string, number> = {};
  let total = 0;
  for (const [series, value] of Object.entries(found)) {
    if (!series.startsWith(`${name}{`)) continue;
    const [, labelled = ""] = new RegExp(`[{,]${label}="([^"]*)"`).exec(series) ?? [];
    by[labelled] = (by[labelled] ?? 0) + value;
    total += value;
  }
  return { total, by };
}
