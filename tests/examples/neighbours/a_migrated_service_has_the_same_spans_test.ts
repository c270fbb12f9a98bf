import { assertEquals } from "@std/assert";
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { EventBus } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { currentContext, operation, withSession } from "@busbar/busbar/context";
import { subscribeCatalog } from "@busbar/busbar/subscribers";
import { pino } from "pino";
import { pinoSink } from "../../../examples/neighbours/pino.ts";

/** A request, and what its query throws. */
interface Request {
  readonly path: string;
  readonly route: string;
  readonly traceparent?: string;
  readonly error?: Error;
}

const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const REQUESTS: readonly Request[] = [
  { path: "/items/7", route: "/items/:id" },
  { path: "/items/8", route: "/items/:id", traceparent: TRACEPARENT },
  { path: "/boom", route: "/boom", error: new TypeError("no such table") },
];
const STATEMENT = "select * from items where id = ?";
const statusOf = ({ error }: Request) => error === undefined ? 200 : 500;

/** Where spans and lines go, of either service. */
function outputs() {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const lines: string[] = [];
  const log = pino({ base: null }, { write: (line: string) => void lines.push(line) });
  return {
    tracer: provider.getTracer("api"),
    log,
    async read() {
      await provider.forceFlush();
      const spans = exporter.getFinishedSpans();
      await provider.shutdown();
      return described(spans, lines);
    },
  };
}

/** What stays the same: names for ids, no times, no order. */
function described(spans: readonly ReadableSpan[], lines: readonly string[]) {
  const pathOf = (id: string | undefined) => {
    const span = spans.find((one) => one.spanContext().spanId === id);
    return span === undefined ? id : span.attributes["path"] ?? span.name;
  };
  return {
    spans: spans.map((span) => ({
      name: span.name,
      kind: span.kind,
      attributes: Object.fromEntries(
        Object.entries(span.attributes).sort(([a], [b]) => a < b ? -1 : 1),
      ),
      parent: pathOf(span.parentSpanContext?.spanId),
      status: { code: span.status.code, message: span.status.message },
      exceptions: span.events.map(({ name, attributes = {} }) => [
        name,
        attributes["exception.type"],
        attributes["exception.message"],
      ]),
    })).map((span) => JSON.stringify(span)).sort(),
    lines: lines.map((line) => JSON.parse(line)).map(({ time, traceId, spanId, ...line }) => {
      const span = spans.find((one) => one.spanContext().spanId === spanId);
      return JSON.stringify({
        ...line,
        time: typeof time,
        span: pathOf(spanId),
        inItsTrace: span?.spanContext().traceId === traceId,
      });
    }).sort(),
  };
}

/** The service with direct calls. */
async function before() {
  const { tracer, log, read } = outputs();
  for (const request of REQUESTS) {
    const { path, route, traceparent, error } = request;
    const carrier = traceparent === undefined ? {} : { traceparent };
    const getter = {
      get: (from: Record<string, string>, key: string) => from[key],
      keys: Object.keys,
    };
    const parent = new W3CTraceContextPropagator().extract(ROOT_CONTEXT, carrier, getter);
    const root = tracer.startSpan("http.request", {
      kind: SpanKind.SERVER,
      attributes: { method: "GET", path },
    }, parent);
    const within = trace.setSpan(parent, root);
    const query = tracer.startSpan("db.query", {
      kind: SpanKind.CLIENT,
      attributes: { statement: STATEMENT },
    }, within);
    const failed = error === undefined ? [] : [query, root];
    for (const span of failed) {
      span.recordException(error!);
      span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) });
    }
    query.end();
    const status = statusOf(request);
    root.setAttributes({ route, status });
    root.end();
    const { traceId, spanId } = root.spanContext();
    log[status >= 500 ? "error" : "info"]({ route, status, traceId, spanId }, "http.end");
  }
  return await read();
}

interface ApiEvents {
  "http.start": { method: string; path: string };
  "http.end": { route: string; status: number; error?: Error | undefined };
  "db.start": { statement: string };
  "db.end": { statement: string; error?: Error };
}

/** The service as docs/migrate/from-opentelemetry.md and from-pino.md make it. */
async function after() {
  const { tracer, log, read } = outputs();
  const { catalog, span } = declare<ApiEvents>();
  const why = ({ metadata: { error } }: { metadata: { error?: Error | undefined } }) =>
    error && String(error);
  const exception = ({ metadata }: { metadata: { error?: Error | undefined } }) => metadata.error;
  const api = catalog({
    spans: {
      "http.request": span("http.start", "http.end", {
        root: true,
        kind: "server",
        error: why,
        exception,
      }),
      "db.query": span("db.start", "db.end", { kind: "client", error: why, exception }),
    },
    logs: {
      "http.end": {
        level: ({ metadata: { status } }) => status >= 500 ? "error" : "info",
        attributes: ({ metadata: { route, status } }) => ({ route, status }),
        maxPerSecond: Infinity,
      },
    },
  });
  const bus = new EventBus<ApiEvents>({ context: currentContext }).start();
  subscribeCatalog(bus, api, { tracer, sink: pinoSink(log) });
  const query = (error: Error | undefined) =>
    operation(bus, ["db.start", "db.end"], { statement: STATEMENT }, (op) => {
      if (error !== undefined) throw error;
      return op.end({ statement: STATEMENT });
    }, { failed: { statement: STATEMENT } });
  for (const request of REQUESTS) {
    const { path, route, traceparent, error } = request;
    withSession({ traceparent }, () => {
      bus.publish("http.start", { method: "GET", path });
      try {
        query(error);
      } catch {
        // The service answers 500.
      }
      bus.publish("http.end", { route, status: statusOf(request), error });
    });
  }
  await bus.stop();
  return await read();
}

Deno.test("a service that was moved from OpenTelemetry and pino by the guides has the same spans and lines", async () => {
  const was = await before();
  assertEquals([was.spans.length, was.lines.length], [6, 3]);
  assertEquals(await after(), was);
});
