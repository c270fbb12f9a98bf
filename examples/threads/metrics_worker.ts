import { startObservability } from "@busbar/busbar/observability";
import { shop } from "./shop.ts";

// One of the threads has a worker run this module, and nothing else: it answers also while they hang.
await startObservability({ serviceName: "shop", catalog: shop, threads: { name: "metrics" } });
