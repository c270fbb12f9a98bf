import type { EventBus } from "@busbar/busbar";
import { httpServerCatalog } from "@busbar/busbar/instrumentation/http";
import { kvCacheCatalog, registerKvCache } from "@busbar/busbar/kv-cache";
import { type Observability, startObservability } from "@busbar/busbar/observability";
import { createApiRoutes } from "./api/api_routes.ts";
import { CHUNK_BYTES } from "./cache/chunk.ts";
import type { DiskTier } from "./cache/disk_tier.ts";
import type { MemoryTier } from "./cache/memory_tier.ts";
import type { PrefixCache } from "./cache/prefix_cache.ts";
import { serverCatalog } from "./catalog.ts";
import type { ServerEvents } from "./events.ts";
import type { Options } from "./terminal/options.ts";
import { clean } from "./terminal/text.ts";

interface Parts {
  readonly options: Options;
  readonly bus: EventBus<ServerEvents>;
  readonly l1: MemoryTier;
  readonly l2: DiskTier;
  readonly cache: PrefixCache;
  /** Which of the threads this is. */
  readonly thread: number;
  readonly say: (text: string) => void;
}

/** All that it takes to turn what the cache and its HTTP routes publish into telemetry. */
export function observe(
  { options, bus, l1, l2, cache, thread, say }: Parts,
): Promise<Observability<ServerEvents>> {
  const cacheCatalog = kvCacheCatalog({
    lifecycleSampleRatio: options.lifecycleSampleRatio,
    gauges: {
      l1: () => ({ usedBytes: l1.size * CHUNK_BYTES, totalBytes: l1.capacity * CHUNK_BYTES }),
      l2Adapters: () => [l2.gauges],
      // Each waits for the only adapter.
      activePrefetchJobs: () => l2.gauges.inflightLoads(),
    },
  });
  if (options.lookupHashLogDir !== undefined) {
    const directory = options.threads === 1
      ? options.lookupHashLogDir
      : `${options.lookupHashLogDir}/thread-${thread + 1}`;
    registerKvCache(bus, { lookupHashLog: { directory }, logger: { warn: say } });
  }
  return startObservability<ServerEvents>({
    serviceName: "kv-cache-server",
    ...options.observability,
    // Its handler answers at the cache's own port, to this machine alone.
    server: false,
    prometheus: undefined,
    allowedHosts: [],
    threads: options.threads > 1 && { name: `thread ${thread + 1}` },
    bus,
    catalog: [cacheCatalog, serverCatalog, httpServerCatalog],
    routes: createApiRoutes(cache, bus, say),
    // The names that dashboards for LMCache ask for.
    selfMetricsPrefix: "lmcache_mp",
    sessionIdAttribute: "session_id",
    operationIdAttribute: "operationId",
    logSink: [
      "otlp",
      Object.assign(
        ({ level, body }: { level: string; body: string }) => say(clean(`${level}: ${body}`)),
        { minLevel: options.logLevel },
      ),
    ],
    logger: { warn: say },
  });
}
