import type { EventAttributes } from "../../../catalog/attributes.ts";
import type { Catalog } from "../../../catalog/catalog.ts";
import { declare } from "../../../catalog/declare.ts";
import type { BusEvent } from "../../../events/event.ts";
import { exceptionAttributes } from "../error_type.ts";
import { spanName } from "../methods.ts";
import type { HttpServerEvents, HttpServerRequestEnd, HttpServerRequestStart } from "./events.ts";

/** The event types of a server's request, as a pair. */
export const SERVER_REQUEST = ["http.server.request.start", "http.server.request.end"] as const;

const [START, END] = SERVER_REQUEST;

type Start = BusEvent<typeof START, HttpServerRequestStart>;
type End = BusEvent<typeof END, HttpServerRequestEnd>;

const { catalog, histogram, span, upDownCounter } = declare<HttpServerEvents>();

const NAMES = [
  "http.request.method",
  "url.scheme",
  "http.route",
  "http.response.status_code",
  "error.type",
  "network.protocol.version",
];

/** Of low cardinality, all of them. */
const metricAttributes = ({ metadata }: End): EventAttributes => ({
  "http.request.method": metadata.method,
  "url.scheme": metadata.scheme,
  "http.route": metadata.route,
  "http.response.status_code": metadata.status,
  "error.type": metadata.errorType,
  "network.protocol.version": metadata.protocolVersion,
});

const startAttributes = ({ metadata }: Start): EventAttributes => ({
  "http.request.method": metadata.method,
  "http.request.method_original": metadata.originalMethod,
  "url.scheme": metadata.scheme,
  "url.path": metadata.path,
  "http.route": metadata.route,
  "network.protocol.version": metadata.protocolVersion,
});

const endAttributes = ({ metadata }: End): EventAttributes => ({
  "http.route": metadata.route,
  "http.response.status_code": metadata.status,
  "error.type": metadata.errorType,
  "busbar.aborted": metadata.aborted || undefined,
});

/** One value, where it is known. */
const sized = (value: number | undefined, event: End) =>
  value === undefined ? [] : [{ value, attributes: metricAttributes(event) }];

/**
 * What requests to a server become, by OpenTelemetry's semantic conventions for HTTP: the metrics
 * `http.server.request.duration`, `.active_requests`, `.request.body.size` and `.response.body.size`,
 * a server span called `GET /items/:id`, and one log record for each request at its end (`error` where
 * the server failed, else `info`).
 *
 * Clients' errors (a status from 400 to 499, a client that goes away) are no failures of the server.
 * Queries are left out, since they hold what others may not read.
 *
 * @example Without the access log
 * ```ts
 * import { httpServerCatalog } from "@busbar/busbar/instrumentation/http";
 *
 * const { logs, ...quiet } = httpServerCatalog;
 * if (logs?.["http.server.request.end"] === undefined) throw new Error("no access log");
 * if (quiet.spans?.["http.server.request"]?.kind !== "server") throw new Error("no server span");
 * ```
 */
export const httpServerCatalog: Catalog<HttpServerEvents> = catalog({
  events: {
    [START]: { description: "A request has come in" },
    [END]: {
      description: "The response to a request has ended",
      metadata: {
        durationMs: { description: "to the end of the response's body", unit: "ms" },
        aborted: { description: "whether the client went away before" },
        activeChange: { description: "what the number of requests under way changes by" },
      },
    },
  },
  metrics: {
    "http.server.request.duration": histogram(END, {
      description: "How long requests took, to the end of their responses",
      unit: "s",
      value: ({ metadata }) => metadata.durationMs / 1_000,
      attributes: metricAttributes,
      attributeNames: NAMES,
    }),
    "http.server.active_requests": upDownCounter([START, END], {
      description: "Requests under way",
      unit: "{request}",
      value: ({ metadata }) => metadata.activeChange,
      attributes: ({ metadata }) => ({
        "http.request.method": metadata.method,
        "url.scheme": metadata.scheme,
      }),
      attributeNames: ["http.request.method", "url.scheme"],
    }),
    "http.server.request.body.size": histogram(END, {
      description: "The length of requests' bodies, where they tell it",
      unit: "By",
      measurements: (event) => sized(event.metadata.requestBytes, event),
      attributeNames: NAMES,
    }),
    "http.server.response.body.size": histogram(END, {
      description: "The length of responses' bodies, where they tell it",
      unit: "By",
      measurements: (event) => sized(event.metadata.responseBytes, event),
      attributeNames: NAMES,
    }),
  },
  spans: {
    "http.server.request": span(START, END, {
      kind: "server",
      name: ({ metadata }) => spanName(metadata.method, metadata.route),
      attributes: (event) => event.type === START ? startAttributes(event) : endAttributes(event),
      // A status says enough; what an error says, the span takes from the error.
      error: ({ metadata }) =>
        metadata.errorType !== undefined && metadata.error === undefined ? "" : undefined,
    }),
  },
  logs: {
    [END]: {
      level: ({ metadata }) => metadata.errorType === undefined ? "info" : "error",
      body: ({ metadata: { method, path, status, durationMs, aborted } }) =>
        `${method} ${path} ${status ?? "-"} ${durationMs.toFixed(1)} ms${
          aborted ? " aborted" : ""
        }`,
      attributes: (event) => ({
        ...metricAttributes(event),
        "http.request.method_original": event.metadata.originalMethod,
        "url.path": event.metadata.path,
        "http.server.request.duration": event.metadata.durationMs / 1_000,
        "http.request.body.size": event.metadata.requestBytes,
        "http.response.body.size": event.metadata.responseBytes,
        "busbar.aborted": event.metadata.aborted || undefined,
        ...exceptionAttributes(event.metadata.error),
      }),
    },
  },
});
