import { assertEquals } from "@std/assert";
import { context, ROOT_CONTEXT, type Span, SpanKind, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { EventBus } from "@busbar/busbar";
import { combineCatalogs, declare } from "@busbar/busbar/catalog";
import { currentContext, operation } from "@busbar/busbar/context";
import {
  httpClientCatalog,
  type HttpClientEvents,
  httpServerCatalog,
  type HttpServerEvents,
  instrumentFetch,
  instrumentHandler,
} from "@busbar/busbar/instrumentation/http";
import { BusTracer } from "@busbar/busbar/otel";
import { type LogRecord, subscribeCatalog } from "@busbar/busbar/subscribers";
import { named, parentOf } from "../../support/tracing_bus.ts";

interface WorkEvents {
  "work.start": undefined;
  "work.end": undefined;
}
const { catalog, span } = declare<WorkEvents>();
const all = combineCatalogs([
  httpServerCatalog,
  httpClientCatalog,
  catalog({ spans: { work: span("work.start", "work.end") } }),
]);
const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const TRACEPARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;
const RPC_METADATA = Symbol.for("OpenTelemetry SDK Context Key RPC_METADATA");

/** A handler that is observed, beside somebody else's SDK, until it is disposed of. */
function besideAnother(handle: (request: Request) => Response | Promise<Response>) {
  const exporter = new InMemorySpanExporter();
  const processor = new SimpleSpanProcessor({ exporter });
  const provider = new TracerProvider({ spanProcessors: [processor] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  const bus = new EventBus<WorkEvents & HttpServerEvents & HttpClientEvents>({
    context: currentContext,
  }).start();
  const logged: LogRecord[] = [];
  const subscription = subscribeCatalog(bus, all, {
    collect: true,
    tracer: new BusTracer({ processor, scopeName: "busbar" }),
    sink: (record) => void logged.push(record),
  });
  const handler = instrumentHandler(bus as unknown as EventBus<HttpServerEvents>, handle, {
    route: ["/items/:id"],
  });
  return {
    bus,
    logged,
    /** How many requests were measured. */
    measured: () =>
      subscription.collect().filter(({ name }) => name === "http.server.request.duration")
        .reduce((sum, { points }) => sum + points.length, 0),
    tracer: provider.getTracer("theirs"),
    /** Has a request handled, with a span of theirs around it. */
    async handle(around: Span | undefined, headers: HeadersInit = {}, isHttp = false) {
      let active = around === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, around);
      if (isHttp) active = active.setValue(RPC_METADATA, { type: "http", span: around });
      const request = new Request("http://localhost/items/7", { headers });
      await context.with(active, async () => {
        const response = Promise.resolve().then(() => handler(request));
        await response.then((response) => response.text(), () => {});
      });
    },
    async spans(): Promise<ReadableSpan[]> {
      await bus.stop();
      await processor.forceFlush();
      return exporter.getFinishedSpans();
    },
    [Symbol.dispose]: () => context.disable(),
  };
}

const server = { kind: SpanKind.SERVER };

Deno.test("where a server span is active there is no second one, and all is in its trace", async () => {
  for (const headers of [{}, { traceparent: TRACEPARENT }]) {
    using others = besideAnother(async () => {
      await operation(others.bus, ["work.start", "work.end"], undefined, async (op) => {
        await Promise.resolve();
        return op.end();
      });
      return new Response("ok");
    });
    const theirs = others.tracer.startSpan("GET", server);
    await others.handle(theirs, headers);
    theirs.end();
    const spans = await others.spans();
    assertEquals(spans.map(({ name }) => name).toSorted(), ["GET /items/:id", "work"]);
    assertEquals(parentOf(spans, "work"), "GET /items/:id");
    assertEquals(named(spans, "GET /items/:id").attributes, { "http.route": "/items/:id" });
    assertEquals(others.logged.map(({ spanId }) => spanId), [theirs.spanContext().spanId]);
    assertEquals(others.measured(), 1);
  }
});

Deno.test("what an instrumentation of HTTP says is believed, whatever is active within", async () => {
  using others = besideAnother(() => new Response("ok"));
  const around = others.tracer.startSpan("GET", server);
  await others.handle(around, {}, true);
  around.end();
  const { name, attributes } = named(await others.spans(), "GET /items/:id");
  assertEquals([name, attributes["http.route"]], ["GET /items/:id", "/items/:id"]);
});

Deno.test("a span that is no server's, such as the one that the server was started in, is not joined", async () => {
  using others = besideAnother(() => new Response("ok"));
  const main = others.tracer.startSpan("main");
  await others.handle(main);
  main.end();
  const spans = await others.spans();
  assertEquals(named(spans, "GET /items/:id").kind, SpanKind.SERVER);
  assertEquals(parentOf(spans, "GET /items/:id"), undefined);
});

Deno.test("without any, the server span is the caller's child", async () => {
  using others = besideAnother(() => new Response("ok"));
  await others.handle(undefined, { traceparent: TRACEPARENT });
  const made = named(await others.spans(), "GET /items/:id");
  assertEquals(made.spanContext().traceId, TRACE_ID);
});

Deno.test("what was thrown is told to it, and a name that it was given stays", async () => {
  using others = besideAnother(() => {
    throw new RangeError("boom");
  });
  const theirs = others.tracer.startSpan("their own name", server);
  await others.handle(theirs);
  theirs.end();
  const [made] = await others.spans();
  assertEquals(made?.name, "their own name");
  assertEquals(made?.events.map(({ attributes }) => attributes?.["exception.message"]), ["boom"]);
});

Deno.test("a span that was not sampled, or that has ended, is joined and told nothing", async () => {
  using others = besideAnother(() => new Response("ok"));
  const unsampled = trace.wrapSpanContext({
    traceId: TRACE_ID,
    spanId: "b7ad6b7169203331",
    traceFlags: 0,
  });
  await others.handle(unsampled, {}, true);
  const ended = others.tracer.startSpan("GET", server);
  ended.end();
  await others.handle(ended);
  assertEquals((await others.spans()).map(({ name }) => name), ["GET"]);
});

Deno.test("a span that lies breaks nothing: the request has a span of its own", async () => {
  using others = besideAnother(() => new Response("ok"));
  const lies = {
    kind: SpanKind.SERVER,
    spanContext() {
      throw new Error("no");
    },
  };
  const says = (traceId: unknown) => ({ ...lies, spanContext: () => ({ traceId }) });
  for (const span of [lies, says("x"), says(null), says(undefined)]) {
    await others.handle(span as never);
  }
  assertEquals((await others.spans()).map(({ name }) => name), Array(4).fill("GET /items/:id"));
});

Deno.test("a request that is sent is their child's parent, and they add no headers of their own", async () => {
  const sent: (string | null)[] = [];
  let suppressed: unknown;
  const SUPPRESS = Symbol.for("OpenTelemetry SDK Context Key SUPPRESS_TRACING");
  using others = besideAnother(async () => {
    const fetch = instrumentFetch({
      bus: others.bus as unknown as EventBus<HttpClientEvents>,
      origins: ["*"],
      fetch: (input, init) => {
        suppressed = context.active().getValue(SUPPRESS);
        sent.push(new Request(input, init).headers.get("traceparent"));
        return Promise.resolve(new Response());
      },
    });
    await fetch("http://stock.example/");
    return new Response("ok");
  });
  const theirs = others.tracer.startSpan("GET", server);
  await others.handle(theirs);
  theirs.end();
  const spans = await others.spans();
  const { traceId, spanId } = named(spans, "GET").spanContext();
  assertEquals(sent, [`00-${traceId}-${spanId}-01`]);
  assertEquals(parentOf(spans, "GET"), "GET /items/:id");
  assertEquals(suppressed, true);
});
