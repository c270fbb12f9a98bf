import { TracerProvider } from "@opentelemetry/sdk-trace";
import { createMetricProducer, PrometheusMetrics } from "@busbar/busbar/otel";
import { type CatalogSubscription, subscribeCatalog } from "@busbar/busbar/subscribers";
import { checkLimits, jobs } from "../support/catalog_limits.ts";

Deno.test("what is recorded, started and logged for a catalog keeps to its limits", async () => {
  for (const collect of [true, false]) {
    await checkLimits((bus, limits, sink, logger) => {
      const collected: Pick<CatalogSubscription, "collect"> = { collect: () => [] };
      const metrics = new PrometheusMetrics({
        metricProducers: [createMetricProducer({ collect: () => collected.collect() })],
      });
      const subscription = subscribeCatalog(bus, jobs, {
        ...limits,
        meter: metrics.meter,
        collect,
        tracer: new TracerProvider().getTracer("test"),
        sink,
        logger,
      });
      collected.collect = subscription.collect;
      return {
        scrape: () => metrics.scrape(),
        [Symbol.asyncDispose]: async () => {
          await subscription.shutdown();
          await metrics.shutdown();
        },
      };
    });
  }
});
