/**
 * What `@opentelemetry/exporter-prometheus` imports from `node:http` and `node:url`, for runtimes
 * that have neither: it can be loaded and scraped, it cannot listen.
 *
 * @module
 */

/** A server that never listens. */
export function createServer(): { unref(): void } {
  return { unref() {} };
}

const { URL } = globalThis;
export { URL };
