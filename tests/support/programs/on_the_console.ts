/**
 * A span, a counter and a log record, which go where the environment says.
 *
 * @module
 */
import { declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";

interface ShopEvents {
  start: undefined;
  end: undefined;
}
const { catalog, counter, span } = declare<ShopEvents>();
const shop = catalog({
  metrics: { "shop.ends": counter("end") },
  spans: { work: span("start", "end") },
  logs: { end: { level: "info", body: () => "the end" } },
});
const variables: Record<string, string> = {
  OTEL_TRACES_EXPORTER: "console",
  OTEL_METRICS_EXPORTER: "console",
  OTEL_LOGS_EXPORTER: "console",
};
const obs = await startObservability<ShopEvents>({ catalog: shop, env: (name) => variables[name] });
obs.bus.publish("start");
obs.bus.publish("end");
await obs.flush();
await obs.shutdown();
