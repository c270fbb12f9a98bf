// deno-lint-ignore-file no-console -- an example prints where it listens
/**
 * A shop on `Deno.serve` with metrics, traces and logs.
 *
 *     deno run --allow-net=127.0.0.1 examples/http_service/main.ts
 *     curl -X POST http://127.0.0.1:8000/checkout -d '{"cart": "c1", "totalCents": 4200}'
 *
 * Metrics are at the address that it prints, and logs go to the console. To push all three signals
 * to an OpenTelemetry collector, add `--enable-tracing --otlp-endpoint http://127.0.0.1:4318`. Or
 * let the runtime itself export them, wherever its own variables of the environment say:
 *
 *     OTEL_DENO=true deno run --allow-net=127.0.0.1 --allow-env \
 *       examples/http_service/main.ts --enable-tracing
 *
 * @module
 */
import { parseArgs } from "node:util";
import { parseObservabilityArgs, startObservability } from "@busbar/busbar/observability";
import { shop } from "./catalog.ts";
import { createShop } from "./service.ts";

const { config, rest } = parseObservabilityArgs(Deno.args, { allowUnknown: true });
const { values } = parseArgs({
  args: rest,
  options: { port: { type: "string", default: "8000" } },
});
const observability = await startObservability({
  serviceName: "shop",
  ...config,
  catalog: shop,
  // At a signal: the last requests are answered, what they published goes all the way, and the
  // process ends. Behind a load balancer, drainMs says how long to go on before.
  exitHooks: { close: () => server.shutdown() },
});
const server = Deno.serve({
  hostname: "127.0.0.1",
  port: Number(values.port),
  onListen: ({ hostname, port }) => console.log(`shop: http://${hostname}:${port}`),
}, createShop(observability.bus));
if (observability.metricsUrl !== undefined) console.log(`metrics: ${observability.metricsUrl}`);
