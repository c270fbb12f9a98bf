// deno-lint-ignore-file no-console -- an example tells where it listens
/**
 * A shop on `Deno.serve` with metrics, traces and logs.
 *
 *     deno run --allow-net=127.0.0.1 examples/http_service/main.ts
 *
 * Metrics are at the address that it prints, and logs go to the console. Traces, and the rest too,
 * go to an OpenTelemetry collector with `--allow-env` and
 * `OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318`, or out through the runtime itself:
 *
 *     OTEL_DENO=true deno run --allow-net=127.0.0.1 --allow-env examples/http_service/main.ts
 *
 * @module
 */
import { startObservability } from "@busbar/busbar/observability";
import { catalog } from "./catalog.ts";
import { createShop } from "./service.ts";

const observability = await startObservability({
  catalog,
  serviceName: "shop",
  args: Deno.args,
});
const server = Deno.serve({
  hostname: "127.0.0.1",
  port: 8000,
  onListen: ({ hostname, port }) => console.log(`shop: http://${hostname}:${port}`),
}, createShop(observability.bus));
if (observability.metricsUrl !== undefined) console.log(`metrics: ${observability.metricsUrl}`);

const end = async () => {
  await server.shutdown();
  await observability.shutdown();
  Deno.exit();
};
Deno.addSignalListener("SIGINT", end);
Deno.addSignalListener("SIGTERM", end);
