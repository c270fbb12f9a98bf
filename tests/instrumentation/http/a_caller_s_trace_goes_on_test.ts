import { assertEquals, assertStrictEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { currentBaggage, currentContext, currentTrace } from "@busbar/busbar/context";
import {
  expressMiddleware,
  honoMiddleware,
  type HttpServerEvents,
  instrumentHandler,
  instrumentListener,
} from "@busbar/busbar/instrumentation/http";
import { Hono } from "hono";
import { observedHttp } from "../../support/observed_http.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const HEADERS = {
  traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01`,
  tracestate: "vendor=1",
  baggage: "tenant=a,other=b",
};

/** A request and a response of `node:http`, as far as adapters read them. */
function nodePair(socket: object = {}, url = "/items/7?a=1") {
  const listeners = new Map<string, () => void>();
  return {
    request: { method: "GET", url, headers: HEADERS, httpVersion: "1.1", socket },
    response: {
      statusCode: 200,
      headersSent: true,
      getHeader: () => "12",
      on: (event: string, listener: () => void) => listeners.set(event, listener),
    },
    finish: () => listeners.get("finish")?.(),
  };
}

/** What a request runs in. */
const seen = () => {
  const { tenant, other } = currentBaggage();
  const { traceparent, tracestate } = currentTrace() ?? {};
  return [traceparent?.slice(3, 35), tracestate, tenant, other];
};

Deno.test("trace and named baggage are taken over, whatever the adapter", async () => {
  const { bus, observed } = observedHttp();
  const found: unknown[] = [];
  const options = { baggage: ["tenant"] };
  const look = (..._given: unknown[]) => void found.push(seen());
  const request = () => new Request("http://shop.example/", { headers: HEADERS });
  instrumentHandler(bus, () => {
    look();
    return new Response("text");
  }, options)(request());
  const listening = nodePair();
  instrumentListener(bus, look, options)(listening.request, listening.response);
  listening.finish();
  const express = nodePair();
  expressMiddleware(bus, options)(express.request, express.response, look);
  express.finish();
  const hono = new Hono().use(honoMiddleware(bus, options)).get("/", (context) => {
    look();
    return context.text("text");
  });
  await hono.fetch(request());
  assertEquals(found, Array.from({ length: 4 }, () => [TRACE_ID, "vendor=1", "a", undefined]));
  const { spans } = await observed();
  assertEquals(
    spans.map((span) => [span.spanContext().traceId, span.spanContext().traceState?.serialize()]),
    Array.from({ length: 4 }, () => [TRACE_ID, "vendor=1"]),
  );
});

Deno.test("of a request of node:http the path, the scheme, the version and the sizes are read", async () => {
  const { bus, observed } = observedHttp();
  const cases: [socket: object, url: string, scheme: string, path: string][] = [
    [{}, "/items/7?a=1", "http", "/items/7"],
    [{ encrypted: true }, "/", "https", "/"],
    [{}, "http://other.example/x?y", "http", "/x"],
    [{}, "http://other.example", "http", "/"],
    [{}, "*", "http", "*"],
    [{}, `/${"x".repeat(2_000)}`, "http", `/${"x".repeat(1_023)}… (977 more)`],
  ];
  for (const [socket, url] of cases) {
    const { request, response, finish } = nodePair(socket, url);
    instrumentListener(bus, (_request, _response) => {})(request, response);
    finish();
  }
  const { ends } = await observed();
  assertEquals(ends.map(({ scheme, path }) => [scheme, path]), cases.map(([, , ...rest]) => rest));
  assertEquals([ends[0]?.protocolVersion, ends[0]?.responseBytes], ["1.1", 12]);
});

Deno.test("a streamed response in Hono has the headers that its middlewares gave it, once", async () => {
  const { bus, observed } = observedHttp();
  const app = new Hono().use(honoMiddleware(bus)).get("/", (context) => {
    context.header("set-cookie", "a=1");
    context.header("set-cookie", "b=2", { append: true });
    context.header("content-type", "text/event-stream");
    context.header("x-number", "1");
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("x"));
        controller.close();
      },
    });
    return context.body(stream, 202);
  });
  const response = await app.request("/");
  assertEquals(response.headers.getSetCookie(), ["a=1", "b=2"]);
  assertEquals([response.status, response.headers.get("x-number")], [202, "1"]);
  assertEquals(await response.text(), "x");
  assertEquals((await observed()).ends.length, 1);
});

Deno.test("on a disabled bus handlers are called, and nothing else", async () => {
  const bus = new EventBus<HttpServerEvents>({ enabled: false, context: currentContext });
  const response = new Response("text");
  const request = new Request("http://shop.example/", { headers: HEADERS });
  const handler = instrumentHandler(bus, (given: Request) => {
    assertStrictEquals(given, request);
    assertEquals(currentContext(), undefined);
    return response;
  });
  assertStrictEquals(handler(request), response);
  const { request: incoming, response: outgoing, finish } = nodePair();
  const result = {};
  assertStrictEquals(instrumentListener(bus, (..._given) => result)(incoming, outgoing), result);
  let wentOn = 0;
  expressMiddleware(bus)(incoming, outgoing, () => wentOn++);
  await honoMiddleware(bus)({ req: { raw: request } }, () => Promise.resolve(void wentOn++));
  assertEquals([wentOn, finish(), Object.getOwnPropertySymbols(request).length], [
    2,
    undefined,
    Object.getOwnPropertySymbols(new Request("http://shop.example/")).length,
  ]);
});
