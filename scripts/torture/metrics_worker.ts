/**
 * Serves the metrics of all threads under torture, in a worker that runs nothing else.
 *
 * @module
 */
import { startObservability } from "@busbar/busbar/observability";
import { METRICS_PORT, SERVED } from "./served_options.ts";

await startObservability({
  ...SERVED,
  threads: { name: "metrics" },
  prometheus: { port: Number(Deno.env.get(METRICS_PORT)) },
});
