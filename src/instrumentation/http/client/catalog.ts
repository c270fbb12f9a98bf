import type { Catalog } from "../../../catalog/catalog.ts";
import { declare } from "../../../catalog/declare.ts";
import { spanName } from "../methods.ts";
import type { HttpClientEvents } from "./events.ts";

/** The event types of a client's request, as a pair. */
export const CLIENT_REQUEST = ["http.client.request.start", "http.client.request.end"] as const;

const [START, END] = CLIENT_REQUEST;
const { catalog, histogram, span } = declare<HttpClientEvents>();

/**
 * What requests become that `instrumentFetch` sends, by OpenTelemetry's semantic conventions for HTTP:
 * the metric `http.client.request.duration` and a client span. A status from 400 on is a failure here.
 *
 * Queries are left out of URLs, since they hold what others may not read.
 *
 * @example
 * ```ts
 * import { httpClientCatalog } from "@busbar/busbar/instrumentation/http";
 *
 * const { metrics, spans } = httpClientCatalog;
 * if (metrics?.["http.client.request.duration"]?.unit !== "s") throw new Error("no duration");
 * if (spans?.["http.client.request"]?.kind !== "client") throw new Error("no client span");
 * ```
 */
export const httpClientCatalog: Catalog<HttpClientEvents> = catalog({
  events: {
    [START]: { description: "A request is about to be sent" },
    [END]: {
      description: "The response to a request that was sent has come, or it has failed",
      metadata: { durationMs: { description: "until the headers had come", unit: "ms" } },
    },
  },
  metrics: {
    "http.client.request.duration": histogram(END, {
      description: "How long requests took that were sent, until their responses' headers had come",
      unit: "s",
      value: ({ metadata }) => metadata.durationMs / 1_000,
      attributes: ({ metadata }) => ({
        "http.request.method": metadata.method,
        "server.address": metadata.serverAddress,
        "server.port": metadata.serverPort,
        "url.scheme": metadata.scheme,
        "http.response.status_code": metadata.status,
        "error.type": metadata.errorType,
      }),
      attributeNames: [
        "http.request.method",
        "server.address",
        "server.port",
        "url.scheme",
        "http.response.status_code",
        "error.type",
      ],
    }),
  },
  spans: {
    "http.client.request": span(START, END, {
      kind: "client",
      name: ({ metadata }) => spanName(metadata.method),
      attributes: ({ type, metadata }) =>
        type === START
          ? {
            "http.request.method": metadata.method,
            "http.request.method_original": metadata.originalMethod,
            "server.address": metadata.serverAddress,
            "server.port": metadata.serverPort,
            "url.full": metadata.url,
            "url.scheme": metadata.scheme,
          }
          : {
            "http.response.status_code": metadata.status,
            "error.type": metadata.errorType,
          },
      // A status says enough; what an error says, the span takes from the error.
      error: ({ metadata }) =>
        metadata.errorType !== undefined && metadata.error === undefined ? "" : undefined,
    }),
  },
});
