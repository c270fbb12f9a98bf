import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { instrumentHandler } from "@busbar/busbar/instrumentation/http";
import { capturedWarnings } from "../../support/captured_warnings.ts";
import { observedHttp } from "../../support/observed_http.ts";

const URL_ASKED = "http://shop.example/";
const STREAM = { headers: { "content-type": "text/html" } };
const bytes = (text: string) => new TextEncoder().encode(text);

/** A body of so many parts, each made when it is asked for. */
function parts(count: number, end: (controller: ReadableStreamDefaultController) => void) {
  const state = { pulled: 0, cancelled: undefined as unknown };
  const stream = new ReadableStream({
    pull(controller) {
      if (state.pulled++ < count) controller.enqueue(bytes("x"));
      else end(controller);
    },
    cancel(reason) {
      state.cancelled = reason;
    },
  }, { highWaterMark: 0 });
  return { state, stream };
}

Deno.test("a streamed response ends when it has been read, and is otherwise as it was", async () => {
  const { bus, ended, observed } = observedHttp();
  const { state, stream } = parts(3, (controller) => controller.close());
  const handler = instrumentHandler(bus, (_request) => {
    const response = new Response(stream, { status: 202, statusText: "Soon", ...STREAM });
    response.headers.append("set-cookie", "a=1");
    response.headers.append("set-cookie", "b=2");
    return response;
  });
  const response = handler(new Request(URL_ASKED));
  assertEquals([response.status, response.statusText], [202, "Soon"]);
  assertEquals(response.headers.getSetCookie(), ["a=1", "b=2"]);
  const reader = response.body!.getReader();
  await bus.flush();
  assertEquals(state.pulled, 0, "it is read before it is asked for");
  await reader.read();
  assertEquals(state.pulled, 1);
  await bus.flush();
  assertEquals(bus.stats().published, 1, "it has ended too soon");
  for (const _ of ["x", "x"]) assertEquals((await reader.read()).value, bytes("x"));
  assertEquals((await reader.read()).done, true);
  await ended(1);
  const { ends } = await observed();
  assertEquals(ends.map(({ status, aborted }) => [status, aborted]), [[202, false]]);
});

Deno.test("a client that goes away aborts it, and that is no failure of the server", async () => {
  const { bus, ended, observed } = observedHttp();
  const { state, stream } = parts(3, (controller) => controller.close());
  const handler = instrumentHandler(bus, (_request) => new Response(stream, STREAM));
  const response = handler(new Request(URL_ASKED));
  await response.body!.cancel("gone");
  assertEquals(state.cancelled, "gone");
  await ended(1);
  const { ends, spans, records } = await observed();
  assertEquals(ends.map(({ aborted, errorType }) => [aborted, errorType]), [[true, undefined]]);
  assertEquals(spans[0]?.attributes["busbar.aborted"], true);
  assertEquals(records[0]?.level, "info");
  assert(records[0]?.body.endsWith(" aborted"));
});

Deno.test("a body that fails is a failure of the server, whose status was sent", async () => {
  const { bus, ended, observed } = observedHttp();
  const { stream } = parts(1, (controller) => controller.error(new RangeError("bad part")));
  const handler = instrumentHandler(bus, (_request) => new Response(stream, STREAM));
  const response = handler(new Request(URL_ASKED));
  await assertRejects(() => response.text(), RangeError, "bad part");
  await ended(1);
  const { ends, records } = await observed();
  assertEquals(ends.map(({ status, errorType }) => [status, errorType]), [[200, "RangeError"]]);
  assertEquals(records[0]?.level, "error");
});

Deno.test("what is whole ends when the handler returns, and is the same object", async () => {
  const { bus, observed } = observedHttp();
  const whole = [
    () => new Response("text"),
    () => Response.json({}),
    () => new Response(null, { status: 204 }),
    () => new Response("<p>", { headers: { "content-type": "text/html", "content-length": "3" } }),
  ];
  for (const make of whole) {
    const response = make();
    const handler = instrumentHandler(bus, (_request) => response);
    assertStrictEquals(handler(new Request(URL_ASKED)), response);
  }
  // Nobody reads the body of an answer to HEAD.
  const head = instrumentHandler(bus, (_request) => new Response("<p>", STREAM));
  head(new Request(URL_ASKED, { method: "HEAD" }));
  // What somebody reads already is not read again.
  const used = new Response("<p>", STREAM);
  await used.text();
  assertStrictEquals(instrumentHandler(bus, (_request) => used)(new Request(URL_ASKED)), used);
  const { ends } = await observed();
  assertEquals(ends.map(({ responseBytes }) => responseBytes), [
    ...[undefined, undefined, undefined, 3, undefined, undefined],
  ]);
});

Deno.test("where the server tells that it has sent a response, it ends then", async () => {
  for (const how of ["resolve", "reject"] as const) {
    const { bus, ended, observed } = observedHttp();
    const { promise: completed, ...settle } = Promise.withResolvers<void>();
    const handler = instrumentHandler(
      bus,
      (_request, _info: { completed: Promise<void> }) => new Response("text"),
    );
    handler(new Request(URL_ASKED), { completed });
    await bus.flush();
    assertEquals(bus.stats().published, 1, "it has ended too soon");
    settle[how]();
    await ended(1);
    const { ends } = await observed();
    assertEquals(ends.map(({ aborted }) => aborted), [how === "reject"]);
  }
});

Deno.test("onEnd is called with what the handler was, once the end is published", async () => {
  const { bus, observed } = observedHttp();
  const called: unknown[] = [];
  const env = { name: "env" };
  const boom = new Error("boom");
  const handler = instrumentHandler(bus, (request, _env: typeof env) => {
    if (request.method === "PUT") throw boom;
    return new Response("text");
  }, {
    onEnd: (request, env) => {
      called.push([request.method, env, bus.stats().published]);
      throw new Error("it throws");
    },
  });
  using warnings = capturedWarnings();
  handler(new Request(URL_ASKED), env);
  const thrown = assertThrows(() => handler(new Request(URL_ASKED, { method: "PUT" }), env));
  assertStrictEquals(thrown, boom);
  await bus.flush();
  assertEquals(called, [["GET", env, 2], ["PUT", env, 4]]);
  assertEquals(warnings.lines, ["busbar: the option onEnd of an HTTP handler threw: it throws"]);
  await observed();
});
