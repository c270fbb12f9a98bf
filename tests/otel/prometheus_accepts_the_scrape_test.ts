import { assertEquals } from "@std/assert";
import { deadline } from "@std/async";
import { EventBus } from "@busbar/busbar";
import { serveMetrics } from "@busbar/busbar/http";
import { type KvCacheEvents, registerKvCache } from "@busbar/busbar/kv-cache";
import { PrometheusMetrics } from "@busbar/busbar/otel";
import { MemoryLogger } from "@busbar/busbar/testing";

/** Debian's package `prometheus` brings both; `.ci/run` installs it. */
function installed(program: string): boolean {
  try {
    new Deno.Command(program, { args: ["--version"], stdout: "null", stderr: "null" }).outputSync();
    return true;
  } catch {
    return false;
  }
}

async function observedBus(): Promise<AsyncDisposable & { metrics: PrometheusMetrics }> {
  const metrics = new PrometheusMetrics({ serviceName: "test" });
  const bus = new EventBus<KvCacheEvents>({ logger: new MemoryLogger() }).start();
  registerKvCache(bus, { meter: metrics.meter });
  bus.subscribe("l1.read.finished", function broken() {
    throw new Error("no");
  });
  bus.publish("l1.read.finished", {
    keys: [{ chunkHash: 1, modelName: "m", cacheSalt: "" }],
  });
  bus.publish("mp.lookup_prefetch.end", {
    foundCount: 1,
    requestedTokens: 512,
    hitTokens: 512,
    modelName: 'quo"te\\back\nline',
    cacheSalt: "",
  });
  await bus.flush();
  return {
    metrics,
    async [Symbol.asyncDispose]() {
      await bus.stop();
      await metrics[Symbol.asyncDispose]();
    },
  };
}

Deno.test({
  name: "promtool finds nothing to complain about",
  ignore: !installed("promtool"),
  async fn() {
    await using observed = await observedBus();
    await using child = new Deno.Command("promtool", {
      args: ["check", "metrics"],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(await observed.metrics.scrape()));
    await writer.close();
    const { code, stdout, stderr } = await child.output();
    const decoder = new TextDecoder();
    assertEquals([decoder.decode(stdout), decoder.decode(stderr), code], ["", "", 0]);
  },
});

Deno.test({
  name: "a real Prometheus scrapes it",
  ignore: !installed("prometheus"),
  async fn() {
    await using observed = await observedBus();
    let scraped = 0;
    const twice = Promise.withResolvers<void>();
    await using server = serveMetrics({
      port: 0,
      scrape: () => {
        if (++scraped === 2) twice.resolve();
        return observed.metrics.scrape();
      },
    });
    const directory = await Deno.makeTempDir();
    const target = new URL(server.metricsUrl).host;
    await Deno.writeTextFile(
      `${directory}/prometheus.yml`,
      `scrape_configs:
  - job_name: busbar
    scrape_interval: 1s
    static_configs: [{ targets: ["${target}"] }]
`,
    );
    const probe = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = probe.addr;
    probe.close();
    const prometheus = new Deno.Command("prometheus", {
      args: [
        `--config.file=${directory}/prometheus.yml`,
        `--storage.tsdb.path=${directory}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      stdout: "null",
      stderr: "null",
    }).spawn();
    try {
      // The second scrape begins only when the first has been stored.
      await deadline(twice.promise, 30_000);
      const query = async (expression: string) => {
        const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`;
        const { data } = await (await fetch(url)).json();
        return data.result[0]?.value[1];
      };
      assertEquals(await query("up"), "1");
      assertEquals(await query("lmcache_mp_l1_read_chunks_total"), "1");
      assertEquals(
        await query("lmcache_mp_event_bus_subscriber_exceptions_total"),
        "1",
      );
      assertEquals(await query("lmcache_mp_lookup_hit_tokens_total"), "512");
    } finally {
      prometheus.kill("SIGKILL");
      await prometheus.status;
      await Deno.remove(directory, { recursive: true });
    }
  },
});
