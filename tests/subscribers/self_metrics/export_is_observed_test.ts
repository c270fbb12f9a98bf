import { assertEquals } from "@std/assert";
import { PrometheusMetrics } from "@busbar/busbar/otel";
import { type ExportStats, observeExport } from "@busbar/busbar/subscribers";

Deno.test("What became of exports can be scraped, by signal", async () => {
  let counts: Record<string, ExportStats> = {
    traces: { exported: 5, failed: 2, dropped: 1, queued: 3 },
  };
  await using metrics = new PrometheusMetrics();
  using _observation = observeExport(() => counts, { meter: metrics.meter });
  counts = { ...counts, logs: { exported: 7, failed: 0, dropped: 0, queued: 0 } };
  const lines = (await metrics.scrape()).split("\n").map((line) => line.replace(/otel_[^}]*/, ""))
    .filter((line) => line.startsWith("busbar_export_"))
    .map((line) => line.replace(/,?\s*}/, "}"));
  assertEquals(lines, [
    'busbar_export_dropped_items_total{signal="traces"} 1',
    'busbar_export_dropped_items_total{signal="logs"} 0',
    'busbar_export_exported_items_total{signal="traces"} 5',
    'busbar_export_exported_items_total{signal="logs"} 7',
    'busbar_export_failed_items_total{signal="traces"} 2',
    'busbar_export_failed_items_total{signal="logs"} 0',
    'busbar_export_queued_items{signal="traces"} 3',
    'busbar_export_queued_items{signal="logs"} 0',
  ]);
});

Deno.test("Without a signal nothing is created", async () => {
  await using metrics = new PrometheusMetrics();
  using _observation = observeExport(() => ({}), { meter: metrics.meter });
  assertEquals((await metrics.scrape()).includes("busbar_export"), false);
});
