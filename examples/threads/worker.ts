/// <reference lib="webworker" />
import { startObservability } from "@busbar/busbar/observability";
import { shop } from "./shop.ts";

const scope = self as unknown as DedicatedWorkerGlobalScope;
const obs = await startObservability({
  serviceName: "shop",
  catalog: shop,
  threads: { name: scope.name },
});

scope.onmessage = ({ data: order }) => {
  obs.bus.publish("order", { status: order % 10 === 0 ? "declined" : "ok" });
};
scope.postMessage("ready");
