/**
 * HTTP between services: a `fetch` that sends the current trace and named baggage along.
 *
 * @example
 * ```ts
 * import { instrumentFetch } from "@busbar/busbar/instrumentation/http";
 *
 * const fetch = instrumentFetch({ origins: ["https://stock.example"], baggage: ["tenant"] });
 * if (typeof fetch !== "function") throw new Error("no fetch");
 * ```
 *
 * @module
 */
export { type Fetch, instrumentFetch, type InstrumentFetchOptions } from "./instrument_fetch.ts";
