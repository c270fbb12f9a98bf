/** A process that logs one order, with what `startObservability` does by itself. */
import process from "node:process";
import { declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";

interface ShopEvents {
  "order": { total: number };
}

const [endpoint] = process.argv.slice(2);
const { catalog } = declare<ShopEvents>();
const obs = await startObservability<ShopEvents>({
  env: () => undefined,
  logger: { warn: () => {} },
  catalog: catalog({ logs: { "order": { level: "info" } } }),
  prometheus: { enabled: false },
  otlp: endpoint === undefined ? undefined : { endpoint },
});
obs.bus.publish("order", { total: 42 });
await obs.shutdown();
