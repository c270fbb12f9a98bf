import { assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { startObservability, type StartOptions } from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";

interface ShopEvents {
  start: undefined;
  end: undefined;
}
const { catalog, span } = declare<ShopEvents>();
const shop = catalog({ spans: { work: span("start", "end") }, logs: { end: { level: "info" } } });

/** What is told of a start. */
async function told(options: StartOptions<ShopEvents>): Promise<string[]> {
  const logger = new MemoryLogger();
  const obs = await startObservability<ShopEvents>({
    catalog: shop,
    env: () => undefined,
    logger,
    ...options,
  });
  const { lines } = logger;
  const told = lines.map((line) => line.replace(obs.metricsUrl ?? "-", "URL"));
  await obs.shutdown({ timeoutMs: 0 }).catch(() => {});
  return told;
}

Deno.test("a start tells in one line where metrics, spans and log records go", async () => {
  const port = { prometheus: { port: 0 } };
  const otlp = { endpoint: "http://127.0.0.1:1/a?key=the-secret", headers: { key: "the-secret" } };
  const to = (signal: string) => `pushed to http://127.0.0.1:1/a/v1/${signal}`;
  const cases: [options: StartOptions<ShopEvents>, line: string][] = [
    [port, "metrics at URL; spans are off; log records to the standard output"],
    [
      { server: false },
      "metrics where the program serves them; spans are off; log records to the " +
      "standard output",
    ],
    [
      { otlp, tracingEnabled: true },
      `metrics ${to("metrics")}; spans ${to("traces")}; log records ${to("logs")}`,
    ],
    [
      { ...port, otlp, logSink: () => {} },
      `metrics at URL and ${to("metrics")}; spans are off; log records to the program's sink`,
    ],
    [
      { ...port, catalog: {}, tracingEnabled: true, console: { traces: true, metrics: false } },
      "metrics at URL; spans on the console; no log records are declared",
    ],
    [
      { metricsEnabled: false, loggingEnabled: false },
      "metrics are off; spans are off; log records are off",
    ],
    [{ enabled: false }, "observability is disabled: nothing is measured, traced or logged"],
  ];
  for (const [options, line] of cases) assertEquals(await told(options), [`busbar: ${line}`]);
});
