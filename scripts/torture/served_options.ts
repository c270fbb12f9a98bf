import { declare } from "@busbar/busbar/catalog";

const { catalog, counter } = declare<{ "order": undefined }>();

/** What all threads under torture start observability with. */
export const SERVED = {
  serviceName: "torture",
  catalog: catalog({ metrics: { "orders": counter("order") } }),
  runtimeMetrics: false,
  logger: { warn: () => {} },
} as const;

/** Names the port that the worker serves the metrics of all threads at. */
export const METRICS_PORT = "TORTURE_METRICS_PORT";
