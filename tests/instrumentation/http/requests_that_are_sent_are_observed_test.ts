import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace";
import { EventBus } from "@busbar/busbar";
import { currentContext } from "@busbar/busbar/context";
import {
  type Fetch,
  httpClientCatalog,
  type HttpClientEvents,
  type HttpClientRequestEnd,
  instrumentFetch,
} from "@busbar/busbar/instrumentation/http";
import { BusTracer } from "@busbar/busbar/otel";
import { subscribeCatalog } from "@busbar/busbar/subscribers";

const ORIGINS = ["https://stock.example"];
const TEA = "https://user:secret@stock.example:8443/tea?token=1#x";

/** A fetch whose requests are observed, and what comes of them. */
function observedFetch(answer: Fetch, enabled = true) {
  const exporter = new InMemorySpanExporter();
  const processor = new SimpleSpanProcessor({ exporter });
  const bus = new EventBus<HttpClientEvents>({ context: currentContext, enabled }).start();
  const subscription = subscribeCatalog(bus, httpClientCatalog, {
    collect: true,
    tracer: new BusTracer({ processor, scopeName: "client" }),
  });
  const ends: HttpClientRequestEnd[] = [];
  bus.subscribe("http.client.request.end", ({ metadata }) => ends.push(metadata));
  return {
    fetch: instrumentFetch({
      origins: [...ORIGINS, "https://stock.example:8443"],
      bus,
      fetch: answer,
    }),
    async observed() {
      await bus.stop();
      await processor.forceFlush();
      return { ends, spans: exporter.getFinishedSpans(), metrics: subscription.collect() };
    },
  };
}

Deno.test("a request becomes a client span and a metric, and hands its span on", async () => {
  let traceparent: string | null = null;
  const { fetch, observed } = observedFetch((input, init) => {
    traceparent = new Headers(init?.headers ?? (input as Request).headers).get("traceparent");
    return Promise.resolve(new Response("12"));
  });
  const response = await fetch(TEA, { method: "post", body: "1" });
  assertEquals(await response.text(), "12");
  const { spans: [span], metrics: [duration], ends } = await observed();
  assertEquals([span?.name, span?.kind, span?.status.code], [
    "POST",
    SpanKind.CLIENT,
    SpanStatusCode.UNSET,
  ]);
  assertEquals(span?.attributes, {
    "http.request.method": "POST",
    "server.address": "stock.example",
    "server.port": 8443,
    "url.full": "https://stock.example:8443/tea",
    "url.scheme": "https",
    "http.response.status_code": 200,
  });
  const { traceId, spanId } = span!.spanContext();
  assertEquals(traceparent, `00-${traceId}-${spanId}-01`);
  const [point] = duration?.points ?? [];
  assert(point !== undefined && "count" in point);
  assertEquals([point.count, point.sum], [1, ends[0]!.durationMs / 1_000]);
  assertEquals(point.attributes, {
    "http.request.method": "POST",
    "server.address": "stock.example",
    "server.port": 8443,
    "url.scheme": "https",
    "http.response.status_code": 200,
  });
});

Deno.test("to where it is not asked for it is observed all the same, and takes no headers", async () => {
  const inits: unknown[] = [];
  const { fetch, observed } = observedFetch((_input, init) => {
    inits.push(init);
    return Promise.resolve(new Response());
  });
  await fetch(new Request("http://elsewhere.example/x", { method: "DELETE" }));
  const { ends } = await observed();
  assertEquals(inits, [undefined]);
  assertEquals(
    ends.map(({ method, serverAddress, serverPort }) => [method, serverAddress, serverPort]),
    [
      ["DELETE", "elsewhere.example", 80],
    ],
  );
});

Deno.test("a status from 400 on is a failure, and so is what fetch rejects with", async () => {
  const boom = new TypeError("no route to host");
  const answers: (number | Error)[] = [302, 404, 503, boom];
  const { fetch, observed } = observedFetch(() => {
    const answer = answers.shift()!;
    return typeof answer === "number"
      ? Promise.resolve(new Response(null, { status: answer }))
      : Promise.reject(answer);
  });
  for (let i = 0; i < 3; i++) await fetch("https://stock.example/", { redirect: "manual" });
  assertStrictEquals(await assertRejects(() => fetch("https://stock.example/")), boom);
  const { ends, spans } = await observed();
  assertEquals(ends.map(({ status, errorType }) => [status, errorType]), [
    [302, undefined],
    [404, "404"],
    [503, "503"],
    [undefined, "TypeError"],
  ]);
  const { ERROR, UNSET } = SpanStatusCode;
  assertEquals(spans.map(({ status }) => status.code), [UNSET, ERROR, ERROR, ERROR]);
  assertEquals(spans[3]?.events[0]?.attributes?.["exception.message"], "no route to host");
});

Deno.test("what is no HTTP is no request that is sent", async () => {
  const { fetch, observed } = observedFetch(() => Promise.resolve(new Response("tea")));
  await fetch("data:text/plain,tea");
  assertEquals((await observed()).ends, []);
});

Deno.test("on a disabled bus, and for what is no URL, it is fetch", async () => {
  const calls: unknown[] = [];
  const answer: Fetch = (input, init) => {
    calls.push([input, init]);
    return Promise.resolve(new Response());
  };
  await observedFetch(answer, false).fetch("https://stock.example/");
  const { fetch, observed } = observedFetch(answer);
  await fetch("http://[");
  assertEquals(calls, [["https://stock.example/", undefined], ["http://[", undefined]]);
  assertEquals((await observed()).ends, []);
});
