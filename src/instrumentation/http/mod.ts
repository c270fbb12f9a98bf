/**
 * HTTP by OpenTelemetry's semantic conventions: events, metrics, spans and an access log of a server's
 * requests, from an adapter that is put around its handler, and a `fetch` that sends the current trace
 * and named baggage along.
 *
 * @example
 * ```ts
 * import { httpServerCatalog, instrumentHandler } from "@busbar/busbar/instrumentation/http";
 * import { startObservability } from "@busbar/busbar/observability";
 *
 * const obs = await startObservability({ catalog: httpServerCatalog, prometheus: { port: 0 } });
 * const handler = instrumentHandler(obs.bus, () => new Response("tea"), { route: ["/items/:id"] });
 *
 * handler(new Request("http://localhost/items/7")); // Deno.serve(handler)
 * await obs.flush();
 * const scrape = await obs.scrape();
 * if (!scrape.includes('http_route="/items/:id"')) throw new Error(scrape);
 * await obs.shutdown();
 * ```
 *
 * @module
 */
export type { Catalog } from "../../catalog/catalog.ts";
export type { EventBus } from "../../library/event_bus.ts";
export { httpClientCatalog } from "./client/catalog.ts";
export type {
  HttpClientEvents,
  HttpClientRequestEnd,
  HttpClientRequestStart,
} from "./client/events.ts";
export { type Fetch, instrumentFetch, type InstrumentFetchOptions } from "./instrument_fetch.ts";
export { httpServerCatalog } from "./server/catalog.ts";
export type {
  HttpServerEvents,
  HttpServerRequestEnd,
  HttpServerRequestStart,
} from "./server/events.ts";
export { expressMiddleware } from "./server/express_middleware.ts";
export { fastifyPlugin } from "./server/fastify_plugin.ts";
export { honoMiddleware } from "./server/hono_middleware.ts";
export { instrumentHandler, type InstrumentHandlerOptions } from "./server/instrument_handler.ts";
export { instrumentListener } from "./server/instrument_listener.ts";
export {
  DEFAULT_IGNORED_PATHS,
  type HttpRouteOptions,
  type HttpServerOptions,
} from "./server/options.ts";
export { setHttpError, setHttpRoute } from "./server/set_route.ts";
