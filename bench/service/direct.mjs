/** prom-client, pino and OpenTelemetry's SDK, called where something happens. */
import { context, propagation, SpanKind, trace } from "@opentelemetry/api";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { pino } from "pino";
import { Counter, Histogram } from "prom-client";
import { PATH, ROUTE, STATEMENT, TRACED } from "./request.ts";

const sdk = TRACED ? new NodeSDK({ serviceName: "api" }) : undefined;
sdk?.start();
const log = pino({
  mixin() {
    const span = trace.getActiveSpan()?.spanContext();
    return span ? { traceId: span.traceId, spanId: span.spanId } : {};
  },
});
const labelNames = ["method", "route", "status"];
const requests = new Counter({
  name: "http_requests_total",
  help: "Requests",
  labelNames,
});
const durations = new Histogram({
  name: "http_request_duration_seconds",
  help: "Duration of requests",
  labelNames,
});
const queries = new Histogram({
  name: "db_query_duration_seconds",
  help: "Duration of queries",
  labelNames: ["statement"],
});
const tracer = trace.getTracer("api");

export function create() {
  return {
    begin() {
      const end = durations.startTimer();
      const parent = propagation.extract(context.active(), {});
      const attributes = { method: "GET", path: PATH };
      const span = tracer.startSpan("http.request", {
        kind: SpanKind.SERVER,
        attributes,
      }, parent);
      return { end, parent, span };
    },
    query({ parent, span }) {
      context.with(trace.setSpan(parent, span), () => {
        const end = queries.startTimer({ statement: STATEMENT });
        const attributes = { statement: STATEMENT };
        tracer.startActiveSpan(
          "db.query",
          { kind: SpanKind.CLIENT, attributes },
          (query) => {
            query.end();
            end();
          },
        );
      });
    },
    end({ end, parent, span }) {
      const labels = { method: "GET", route: ROUTE, status: 200 };
      requests.inc(labels);
      end(labels);
      span.setAttributes({ route: labels.route, status: labels.status });
      span.end();
      context.with(
        trace.setSpan(parent, span),
        () => log.info(labels, "http.end"),
      );
    },
    async settle() {
      const counted = (await requests.get()).values[0]?.value ?? 0;
      const timed = (await queries.get()).values
        .find(({ metricName }) => metricName === "db_query_duration_seconds_count")
        ?.value ?? 0;
      return { counted, timed };
    },
    shutdown: () => sdk?.shutdown(),
  };
}
