import { EventBus } from "@busbar/busbar";
import { currentContext, withSession } from "@busbar/busbar/context";
import { httpServerCatalog } from "@busbar/busbar/instrumentation/http";
import { kvCacheCatalog } from "@busbar/busbar/kv-cache";
import { type Observability, startObservability } from "@busbar/busbar/observability";
import { createApiRoutes } from "./api/api_routes.ts";
import { BlendCache } from "./cache/blend.ts";
import { CHUNK_BYTES } from "./cache/chunk.ts";
import { DiskTier } from "./cache/disk_tier.ts";
import { MemoryTier } from "./cache/memory_tier.ts";
import { PrefixCache } from "./cache/prefix_cache.ts";
import { publishCapacity, publishEvicted, type Tiers } from "./cache/tiers.ts";
import { serverCatalog } from "./catalog.ts";
import { spread } from "./clients.ts";
import type { ServerEvents } from "./events.ts";
import { Faults } from "./faults.ts";
import type { Options } from "./options.ts";
import { replay, sleep } from "./replay.ts";
import type { Screen } from "./screen.ts";
import { Summary } from "./summary.ts";

/** What a bus has room for that was made to lose some. */
const FEW_EVENTS = 16;
/** How long a slow subscriber takes for each event. */
const SLOW_MS = 1;
/** How long each step of a stop may take: the disk's, the bus's, and that of requests in progress. */
const STOP_TIMEOUT_MS = 1_500;
/** How long the disk and the bus may take when the input has ended, and nobody waits. */
const REST_TIMEOUT_MS = 60_000;

/**
 * Runs the example until its input ends or `signal` aborts; without `--once` it then goes on
 * serving until `signal` aborts.
 *
 * @returns the final scrape
 */
export async function run(options: Options, signal: AbortSignal, screen: Screen): Promise<string> {
  const { say } = screen;
  const logger = { warn: say };
  const faults = new Faults(options.faults);
  const maxQueueSize = faults.has("bus-full") ? FEW_EVENTS : 10_000;
  const bus = new EventBus<ServerEvents>({ maxQueueSize, context: currentContext, logger });
  if (faults.has("subscriber-error")) bus.subscribe("mp.request.end", failingSubscriber);
  if (faults.has("subscriber-slow")) bus.subscribeAll(slowSubscriber);
  using directory = openDirectory(options.l2Dir);
  const path = `${directory.path}/l2.sqlite`;
  await using l2 = new DiskTier({ path, capacity: options.l2Chunks, bus, faults, report: say });
  const l1 = new MemoryTier(options.l1Chunks);
  const tiers = { l1, l2, bus, faults };
  const cache = new PrefixCache(tiers);
  const blend = new BlendCache(tiers);
  const summary = new Summary(bus);

  await using ending = new AsyncDisposableStack();
  const obs = await observe({ options, bus, l1, l2, cache, screen });
  ending.defer(async () => void await bus.stop({ timeoutMs: STOP_TIMEOUT_MS }));
  ending.defer(() =>
    obs.shutdown({ timeoutMs: STOP_TIMEOUT_MS }).catch(({ message }) => say(message))
  );
  bus.publish("kv_cache.opened", { l1Capacity: options.l1Chunks, l2Capacity: options.l2Chunks });
  publishCapacity(tiers);
  sayWhatToOpen(obs, options, say);
  screen.draw(() => summary.line());

  const clients = spread(options);
  let requests = 0;
  await replay(options, signal, async ({ chunkIds }) => {
    const server = options.blend && ++requests % 3 === 0 ? blend : cache;
    await withSession({}, () => server.handle(chunkIds, clients.next().value));
    if (faults.isDue("l1-shrink")) shrink(tiers, options.l1Chunks);
    // A replay at full speed is faster than any service; let the bus catch up, so that none is lost.
    if (bus.queueDepth > bus.maxQueueSize / 2 && !faults.has("bus-full")) await bus.flush();
  });
  if (!options.once && !signal.aborted) {
    say(`The input has ended; ${obs.metricsUrl} goes on until Ctrl-C.`);
    await sleep(Infinity, signal);
  }
  // Clients may go on, the disk may be slow: what is not done by then is not waited for.
  const timeoutMs = signal.aborted ? STOP_TIMEOUT_MS : REST_TIMEOUT_MS;
  await Promise.race([l2.idle(), sleep(timeoutMs)]);
  await bus.flush({ timeoutMs });
  screen[Symbol.dispose]();
  say(summary.table());
  return await obs.scrape();
}

/** L1 loses half its capacity, or gets it back. */
function shrink(tiers: Tiers, capacity: number): void {
  const half = Math.ceil(capacity / 2);
  const evicted = tiers.l1.resize(tiers.l1.capacity === capacity ? half : capacity);
  publishCapacity(tiers);
  publishEvicted(tiers, evicted);
}

function failingSubscriber(): never {
  throw new Error("the subscriber was made to fail");
}

function slowSubscriber(): void {
  const until = performance.now() + SLOW_MS;
  while (performance.now() < until) { /* nothing else can happen */ }
}

interface Parts {
  readonly options: Options;
  readonly bus: EventBus<ServerEvents>;
  readonly l1: MemoryTier;
  readonly l2: DiskTier;
  readonly cache: PrefixCache;
  readonly screen: Screen;
}

/** All that it takes to turn what the cache and its HTTP routes publish into telemetry. */
function observe(
  { options, bus, l1, l2, cache, screen: { say } }: Parts,
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
  return startObservability<ServerEvents>({
    serviceName: "kv-cache-server",
    ...options.observability,
    prometheus: { ...options.observability.prometheus, port: options.port },
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
        ({ level, body }: { level: string; body: string }) => say(`${level}: ${body}`),
        { minLevel: options.logLevel },
      ),
    ],
    logger: { warn: say },
  });
}

function sayWhatToOpen(
  { metricsUrl }: { readonly metricsUrl?: string },
  options: Options,
  say: (text: string) => void,
): void {
  const simulated = options.requests === 0 ? "clients over HTTP" : "simulated conversations";
  say(`Serving ${options.trace ?? simulated} from a cache of two tiers.`);
  if (options.faults.length > 0) say(`Faults: ${options.faults.join(", ")}.`);
  say(`Open ${metricsUrl} and reload to watch the numbers grow. Ctrl-C ends.\n`);
}

/** The directory of the disk tier; a temporary one is removed at the end. */
function openDirectory(given: string | undefined): Disposable & { path: string } {
  if (given !== undefined) {
    Deno.mkdirSync(given, { recursive: true });
    return { path: given, [Symbol.dispose]: () => {} };
  }
  const path = Deno.makeTempDirSync({ prefix: "busbar-demo-" });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}
