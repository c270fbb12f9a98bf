import { setEventBus } from "@busbar/busbar";
import { httpServerCatalog, type HttpServerEvents } from "@busbar/busbar/instrumentation/http";
import { type Observability, startObservability } from "@busbar/busbar/observability";

const KEY = Symbol.for("shop.observability");
const kept = globalThis as { [KEY]?: Promise<Observability<HttpServerEvents>> };

/** The process's one. Next bundles each route apart, so it is kept where all of them find it. */
export function observability(): Promise<Observability<HttpServerEvents>> {
  return kept[KEY] ??= startObservability({
    serviceName: "shop",
    catalog: httpServerCatalog, // or [httpServerCatalog, yours]
    server: false, // Next has the port
  }).then((obs) => {
    setEventBus(obs.bus); // for libraries that publish
    return obs;
  });
}
