import { assert, assertEquals, assertThrows } from "@std/assert";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { instrumentHandler } from "@busbar/busbar/instrumentation/http";
import { observedHttp, pointsOf, readStock } from "../../support/observed_http.ts";
import { named } from "../../support/tracing_bus.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const TRACEPARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;
const ITEM = "http://shop.example/items/7?secret=1";

Deno.test("a request becomes a span, metrics and a line of the access log", async () => {
  const { bus, observed } = observedHttp();
  const handler = instrumentHandler(bus, (_request) => Response.json({ item: "tea" }), {
    route: ["/items", "/items/:id"],
  });
  const request = new Request(ITEM, { headers: { traceparent: TRACEPARENT } });
  assertEquals(await handler(request).json(), { item: "tea" });
  const all = await observed();

  const span = named(all.spans, "GET /items/:id");
  assertEquals(span.kind, SpanKind.SERVER);
  assertEquals(span.attributes, {
    "http.request.method": "GET",
    "url.scheme": "http",
    "url.path": "/items/7",
    "http.route": "/items/:id",
    "http.response.status_code": 200,
  });
  assertEquals(span.status.code, SpanStatusCode.UNSET);
  assertEquals(span.spanContext().traceId, TRACE_ID);
  assertEquals(span.parentSpanContext?.spanId, "b7ad6b7169203331");

  const attributes = {
    "http.request.method": "GET",
    "url.scheme": "http",
    "http.route": "/items/:id",
    "http.response.status_code": 200,
  };
  const [duration, ...more] = pointsOf(all, "http.server.request.duration");
  assertEquals([duration?.attributes, more.length], [attributes, 0]);
  assert(duration !== undefined && "count" in duration);
  assertEquals([duration.count, duration.sum], [1, all.ends[0]!.durationMs / 1_000]);
  assertEquals(duration.bounds, [
    ...[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
  ]);
  assertEquals(duration.exemplars.map(({ traceId }) => traceId), [TRACE_ID]);
  assertEquals(
    pointsOf(all, "http.server.active_requests").map((point) => ({ ...point })) as unknown[],
    [{ attributes: { "http.request.method": "GET", "url.scheme": "http" }, value: 0 }],
  );

  const [line, ...others] = all.records;
  assertEquals(others.length, 0);
  assertEquals([line?.level, line?.traceId, line?.spanId], [
    "info",
    TRACE_ID,
    span.spanContext().spanId,
  ]);
  assert(/^GET \/items\/7 200 \d+\.\d ms$/.test(line?.body ?? ""), line?.body);
  assertEquals(line?.attributes?.["http.server.request.duration"], duration.sum);
  assertEquals(all.lines, []);
});

Deno.test("what a handler throws is thrown on, and is a failure of the server", async () => {
  const { bus, observed } = observedHttp();
  const boom = new RangeError("boom");
  const sync = instrumentHandler(bus, (_request): Response => {
    throw boom;
  });
  const async = instrumentHandler(bus, async (_request): Promise<Response> => {
    await Promise.resolve();
    throw "a text";
  });
  assertThrows(() => sync(new Request(ITEM)), RangeError, "boom");
  assertEquals(await async(new Request(ITEM)).catch((thrown) => thrown), "a text");
  const { ends, spans, records, lines } = await observed();
  assertEquals(ends.map(({ status, errorType }) => [status, errorType]), [
    [500, "RangeError"],
    [500, "Error"],
  ]);
  assertEquals(spans.map(({ name, status }) => [name, status.code, status.message]), [
    ["GET", SpanStatusCode.ERROR, "boom"],
    ["GET", SpanStatusCode.ERROR, "a text"],
  ]);
  assertEquals(spans[0]?.events[0]?.attributes?.["exception.type"], "RangeError");
  assertEquals(spans[0]?.attributes["error.type"], "RangeError");
  assertEquals(records.map(({ level }) => level), ["error", "error"]);
  assertEquals(records[0]?.attributes?.["exception.message"], "boom");
  assertEquals(lines, []);
});

Deno.test("a status from 500 on is a failure, one from 400 on is not", async () => {
  const { bus, observed } = observedHttp();
  const statuses = [200, 302, 400, 404, 499, 500, 503];
  let i = 0;
  const handler = instrumentHandler(
    bus,
    (_request) => new Response(null, { status: statuses[i++]! }),
  );
  for (const _ of statuses) handler(new Request(ITEM));
  const { spans, records, ends } = await observed();
  const failed = [false, false, false, false, false, true, true];
  assertEquals(spans.map(({ status }) => status.code === SpanStatusCode.ERROR), failed);
  assertEquals(records.map(({ level }) => level === "error"), failed);
  assertEquals(ends.map(({ errorType }) => errorType), [
    ...[undefined, undefined, undefined, undefined, undefined],
    "500",
    "503",
  ]);
});

Deno.test("what is no Response is handed on, and is a failure", async () => {
  const { bus, observed } = observedHttp();
  const handler = instrumentHandler(bus, (_request) => "text");
  assertEquals(handler(new Request(ITEM)), "text");
  const { ends } = await observed();
  assertEquals([ends[0]?.errorType, ends[0]?.error?.message], [
    "TypeError",
    "The handler returned no Response",
  ]);
});

Deno.test("unknown methods and routes are one value each, whatever is sent", async () => {
  const { bus, observed } = observedHttp();
  const handler = instrumentHandler(bus, (_request) => new Response(), { route: ["/items/:id"] });
  // Not every runtime takes any method.
  const methods = ["PROPFIND", "LOCK", "MKCOL"];
  for (let i = 0; i < 20; i++) {
    handler(new Request(`http://shop.example/${i}/x`, { method: methods[i % 3]! }));
    handler(new Request(`http://shop.example/items/${i}`, { method: "PUT" }));
  }
  const all = await observed();
  const series = pointsOf(all, "http.server.request.duration").map(({ attributes }) =>
    [attributes["http.request.method"], attributes["http.route"]] as unknown[]
  );
  assertEquals(series, [["_OTHER", undefined], ["PUT", "/items/:id"]]);
  const [other] = all.spans;
  assertEquals([other?.name, other?.attributes["http.request.method_original"]], [
    "HTTP",
    "PROPFIND",
  ]);
});

Deno.test("requests in one session and at the same time each have their own children", async () => {
  const { bus, observed } = observedHttp();
  const handler = instrumentHandler(bus, async (request) => {
    const item = new URL(request.url).pathname.slice(1);
    for (let turn = 0; turn < Number(item) % 4; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    return new Response(await readStock(bus, item));
  }, { route: "/:item" });
  const items = Array.from({ length: 30 }, (_, i) => `${i}`);
  const texts = await Promise.all(
    items.map(async (item) => (await handler(new Request(`http://shop.example/${item}`))).text()),
  );
  assertEquals(texts, items);
  const { spans, records, metrics, lines } = await observed();
  const requests = new Map(
    spans.filter(({ name }) => name === "GET /:item")
      .map((span) => [span.spanContext().spanId, span.attributes["url.path"]]),
  );
  const reads = spans.filter(({ name }) => name === "stock.read");
  assertEquals([requests.size, reads.length], [30, 30]);
  for (const { parentSpanContext, attributes } of reads) {
    assertEquals(requests.get(parentSpanContext?.spanId ?? ""), `/${attributes["item"]}`);
  }
  const sessions = new Set(records.map(({ sessionId }) => sessionId));
  assertEquals([records.length, sessions.size, sessions.has("")], [60, 30, false]);
  const [read] = metrics.find(({ name }) => name === "stock.read.duration")?.points ?? [];
  assert(read !== undefined && "count" in read && read.count === 30);
  assertEquals(lines, []);
});
