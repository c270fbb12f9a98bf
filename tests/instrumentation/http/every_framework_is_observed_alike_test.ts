import { assert, assertEquals } from "@std/assert";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { type App, APPS } from "../../support/http_apps.ts";
import { observedHttp, pointsOf } from "../../support/observed_http.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const TRACEPARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;

/** Serves an app, asks for paths one after the other, and gives what was observed of it. */
async function asked(app: App, ...requests: [path: string, init?: RequestInit][]) {
  const service = observedHttp();
  await using server = await app.serve(service.bus);
  const texts: string[] = [];
  for (const [path, init] of requests) {
    const response = await fetch(`${server.origin}${path}`, init);
    texts.push(await response.text());
  }
  await service.ended(requests.filter(([path]) => path !== "/metrics").length);
  return { texts, ...await service.observed() };
}

for (const app of APPS) {
  const { name, seesErrors } = app;

  Deno.test(`${name}: a request is a span, a metric and a line, and what it does is its child`, async () => {
    const observed = await asked(app, ["/shop/items/7?secret=1", {
      headers: { traceparent: TRACEPARENT },
    }]);
    assertEquals(observed.texts, ["7"]);
    const [read, request, ...more] = observed.spans;
    assertEquals([read?.name, request?.name, more.length], [
      "stock.read",
      "GET /shop/items/:id",
      0,
    ]);
    assertEquals(request?.kind, SpanKind.SERVER);
    assertEquals(request?.status.code, SpanStatusCode.UNSET);
    assertEquals(request?.spanContext().traceId, TRACE_ID);
    assertEquals(request?.parentSpanContext?.spanId, "b7ad6b7169203331");
    assertEquals(read?.parentSpanContext?.spanId, request?.spanContext().spanId);
    const { "network.protocol.version": _version, ...attributes } = request?.attributes ?? {};
    assertEquals(attributes, {
      "http.request.method": "GET",
      "url.scheme": "http",
      "url.path": "/shop/items/7",
      "http.route": "/shop/items/:id",
      "http.response.status_code": 200,
    });
    const [duration, ...others] = pointsOf(observed, "http.server.request.duration");
    assertEquals([duration?.attributes["http.route"], others.length], ["/shop/items/:id", 0]);
    const [active] = pointsOf(observed, "http.server.active_requests");
    assert(active !== undefined && "value" in active && active.value === 0);
    const [inner, line] = observed.records;
    assert(/^GET \/shop\/items\/7 200 \d+\.\d ms$/.test(line?.body ?? ""), line?.body);
    assertEquals([line?.level, line?.spanId], ["info", request?.spanContext().spanId]);
    assertEquals(inner?.sessionId, line?.sessionId);
    assertEquals(observed.lines, []);
  });

  Deno.test(`${name}: what is thrown fails the request, what is refused does not`, async () => {
    const { ends, spans, records } = await asked(app, ["/shop/throws"], ["/shop/refused"]);
    assertEquals(ends.map(({ route, status, errorType }) => [route, status, errorType]), [
      ["/shop/throws", 500, seesErrors ? "RangeError" : "500"],
      ["/shop/refused", 400, undefined],
    ]);
    assertEquals(spans.map(({ status }) => status.code), [
      SpanStatusCode.ERROR,
      SpanStatusCode.UNSET,
    ]);
    assertEquals(records.map(({ level }) => level), ["error", "info"]);
    assertEquals(spans[0]?.events.map(({ name }) => name), seesErrors ? ["exception"] : []);
  });

  Deno.test(`${name}: what is not found has no route, and scrapes are left out`, async () => {
    const { ends, spans, texts } = await asked(app, ["/nowhere/1"], ["/metrics"], ["/shop/none/2"]);
    assertEquals(texts[1], "up 1\n");
    assertEquals(ends.map(({ route, status }) => [route, status]), [
      [undefined, 404],
      [undefined, 404],
    ]);
    assertEquals(spans.map(({ name }) => name), ["GET", "GET"]);
  });

  Deno.test(`${name}: what is done after a body was read belongs to its request`, async () => {
    const body = JSON.stringify({ item: "tea" });
    const headers = { "content-type": "application/json" };
    const { ends, spans, texts } = await asked(app, [
      "/shop/orders",
      { method: "POST", body, headers },
    ]);
    assertEquals(texts, ["tea"]);
    const [read, request] = spans;
    assertEquals([read?.name, request?.name], ["stock.read", "POST /shop/orders"]);
    assertEquals(read?.parentSpanContext?.spanId, request?.spanContext().spanId);
    assertEquals(ends[0]?.requestBytes, body.length);
  });

  Deno.test(`${name}: a stream ends with its last part`, async () => {
    const { ends, texts } = await asked(app, ["/shop/parts"]);
    assertEquals(texts, ["part 1\npart 2\npart 3\n"]);
    assertEquals(ends.map(({ route, status, aborted }) => [route, status, aborted]), [
      ["/shop/parts", 200, false],
    ]);
  });

  Deno.test(`${name}: a client that goes away aborts its request`, async () => {
    const service = observedHttp();
    await using server = await app.serve(service.bus);
    const client = new AbortController();
    const response = await fetch(`${server.origin}/shop/endless`, { signal: client.signal });
    const reader = response.body!.getReader();
    await reader.read();
    assertEquals(service.bus.stats().published, 1, "it has ended too soon");
    client.abort();
    await reader.read().catch(() => {});
    await service.ended(1);
    const { ends, records } = await service.observed();
    assertEquals(ends.map(({ route, status, aborted }) => [route, status, aborted]), [
      ["/shop/endless", 200, true],
    ]);
    assertEquals([ends[0]?.errorType, records[0]?.level], [undefined, "info"]);
  });

  Deno.test(`${name}: requests at the same time each have their own children`, async () => {
    const service = observedHttp();
    await using server = await app.serve(service.bus);
    const items = Array.from({ length: 25 }, (_, i) => `${i}`);
    const texts = await Promise.all(
      items.map(async (item) => await (await fetch(`${server.origin}/shop/items/${item}`)).text()),
    );
    assertEquals(texts, items);
    await service.ended(items.length);
    const { spans } = await service.observed();
    const paths = new Map(spans.map((span) => [
      span.spanContext().spanId,
      span.attributes["url.path"],
    ]));
    const reads = spans.filter(({ name }) => name === "stock.read");
    assertEquals(reads.length, items.length);
    for (const { parentSpanContext, attributes } of reads) {
      assertEquals(paths.get(parentSpanContext!.spanId), `/shop/items/${attributes["item"]}`);
    }
  });
}
