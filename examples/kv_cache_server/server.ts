import { EventBus } from "@busbar/busbar";
import { serveMetrics } from "@busbar/busbar/http";
import { registerKvCache } from "@busbar/busbar/kv-cache";
import { PrometheusMetrics } from "@busbar/busbar/otel";
import { MetricsSubscriber } from "@busbar/busbar/subscribers";
import { createApiRoutes } from "./api/api_routes.ts";
import { CHUNK_BYTES } from "./cache/chunk.ts";
import { DiskTier } from "./cache/disk_tier.ts";
import { MemoryTier } from "./cache/memory_tier.ts";
import { PrefixCache } from "./cache/prefix_cache.ts";
import { serverCatalog } from "./catalog.ts";
import { spread } from "./clients.ts";
import type { ServerEvents } from "./events.ts";
import { Faults } from "./faults.ts";
import type { Options } from "./options.ts";
import { Progress } from "./progress.ts";
import type { Request } from "./request.ts";
import { Summary } from "./summary.ts";
import { readTrace } from "./trace.ts";
import { conversations } from "./workload.ts";

/**
 * Runs the example until its input ends or `signal` aborts; without `--once` it then goes on
 * serving until `signal` aborts.
 *
 * @returns the final scrape
 */
export async function run(
  options: Options,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<string> {
  const logger = { warn: say };
  await using metrics = new PrometheusMetrics({ serviceName: "kv-cache-server" });
  await using bus = new EventBus<ServerEvents>({ logger }).start();
  const { metrics: own = {} } = serverCatalog;
  bus.registerSubscriber(new MetricsSubscriber({ metrics: own, meter: metrics.meter, logger }));

  const faults = new Faults(options.faults);
  using directory = openDirectory(options.l2Dir);
  await using l2 = new DiskTier({
    path: `${directory.path}/l2.sqlite`,
    capacity: options.l2Chunks,
    bus,
    faults,
    report: say,
  });
  const l1 = new MemoryTier(options.l1Chunks);
  registerKvCache(bus, {
    meter: metrics.meter,
    logger,
    gauges: {
      l1: () => ({ usedBytes: l1.size * CHUNK_BYTES, totalBytes: l1.capacity * CHUNK_BYTES }),
      l2Adapters: () => [l2.gauges],
      // Each waits for the only adapter.
      activePrefetchJobs: () => l2.gauges.inflightLoads(),
    },
  });
  const cache = new PrefixCache({ l1, l2, bus, faults });
  bus.publish("kv_cache.opened", { l1Capacity: options.l1Chunks, l2Capacity: options.l2Chunks });
  await using server = await serveMetrics({
    port: options.port,
    scrape: (format) => metrics.scrape(format),
    routes: createApiRoutes(cache, say),
    logger,
  });
  const { metricsUrl } = server;
  sayWhatToOpen(metricsUrl, options, say);

  const summary = new Summary();
  const clients = spread(options);
  const startedAt = performance.now();
  await replay(options, signal, async (request) => {
    const sessionId = `request-${summary.requests}`;
    summary.add(await cache.handle(sessionId, request.chunkIds, clients.next().value));
    // A replay at full speed is faster than any service; let the bus catch up, so that none is lost.
    if (bus.queueDepth > bus.maxQueueSize / 2) await bus.flush();
    return summary;
  });
  await l2.idle();
  const seconds = (performance.now() - startedAt) / 1_000;
  await bus.flush();
  say(summary.table(seconds, bus.stats(), bus.droppedEventsCount));

  if (!options.once && !signal.aborted) {
    say(`\nThe input has ended; ${metricsUrl} goes on until Ctrl-C.`);
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    await l2.idle();
  }
  await bus.flush();
  return await metrics.scrape();
}

function sayWhatToOpen(
  metricsUrl: string,
  options: Options,
  say: (text: string) => void,
): void {
  const simulated = options.requests === 0 ? "clients over HTTP" : "simulated conversations";
  say(`Serving ${options.trace ?? simulated} from a cache of two tiers.`);
  if (options.faults.length > 0) say(`Faults: ${options.faults.join(", ")}.`);
  say(`Open ${metricsUrl} and reload to watch the numbers grow. Ctrl-C ends.\n`);
}

/** Hands each request on at its time. */
async function replay(
  options: Options,
  signal: AbortSignal,
  handle: (request: Request) => Promise<Summary>,
): Promise<void> {
  const input = options.trace === undefined
    ? conversations(options.seed)
    : readTrace(options.trace);
  const progress = new Progress(options.requests);
  const startedAt = performance.now();
  let turnBegan = startedAt;
  let requests = 0;
  if (options.requests === 0) return;
  for await (const request of input) {
    const waitMs = request.timestampMs / options.speed - (performance.now() - startedAt);
    if (waitMs > 1) await sleep(waitMs, signal);
    if (signal.aborted) break;
    const summary = await handle(request);
    progress.update(++requests, summary.line);
    if (requests >= options.requests) break;
    if (performance.now() - turnBegan > 20) {
      // Scrapes and Ctrl-C need a turn of the event loop, also at full speed.
      await sleep(0, signal);
      turnBegan = performance.now();
    }
  }
  progress.clear();
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    if (signal.aborted) done();
  });
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
