import { assertEquals } from "@std/assert";
import { metrics as otel } from "@opentelemetry/api";
import { declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";
import { samples } from "../support/samples.ts";

const { catalog, counter, gauge } = declare<{ order: undefined }>();

Deno.test("what could not be read at a scrape is among the metrics of the next one", async () => {
  const logger = new MemoryLogger();
  await using obs = await startObservability<{ order: undefined }>({
    env: () => undefined,
    catalog: catalog({
      metrics: {
        "shop.orders": counter("order"),
        "shop.carts": gauge({
          read: () => {
            throw new Error("no source");
          },
        }),
      },
    }),
    server: false,
    registerGlobally: true,
    logger,
    selfMetricsPrefix: "shop.bus",
  });
  otel.getMeter("pool").createObservableGauge("pool").addCallback(() => {
    throw new Error("no pool");
  });
  await obs.scrape();
  const scrape = samples(await obs.scrape());
  assertEquals(scrape["shop_orders_total"], 0);
  assertEquals(Object.keys(scrape).filter((name) => /^(shop_carts|pool)/.test(name)), []);
  assertEquals(scrape['shop_bus_metrics_failed_callbacks_total{metric="pool"}'], 1);
  assertEquals(scrape['shop_bus_metrics_failed_reads_total{metric="shop.carts"}']! >= 1, true);
});
