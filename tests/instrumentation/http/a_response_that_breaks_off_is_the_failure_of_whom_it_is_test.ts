import { assertEquals } from "@std/assert";
import { Hono } from "hono";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import {
  honoMiddleware,
  instrumentHandler,
  instrumentListener,
  setHttpError,
} from "@busbar/busbar/instrumentation/http";
import { listening } from "../../support/loopback.ts";
import { observedHttp } from "../../support/observed_http.ts";

/** Asks a listener once, and gives what was observed of it. */
async function askedOnce(
  listener: (request: IncomingMessage, response: ServerResponse) => void,
  service = observedHttp(),
) {
  const own = createServer(instrumentListener(service.bus, listener));
  await using server = await listening(own, 0, () => own.closeAllConnections());
  const text = await fetch(server.origin).then((response) => response.text()).catch(() => "broken");
  await service.ended(1);
  return { text, ...await service.observed() };
}

const errorsOf = ({ ends }: Awaited<ReturnType<typeof askedOnce>>) =>
  ends.map(({ status, errorType, aborted }) => [status, errorType, aborted]);

Deno.test("what is thrown under way is the failure of a response that is broken off", async () => {
  const observed = await askedOnce((request, response) => {
    response.write("some", () => {
      // As Express does: an error handler is told, and then the connection is closed.
      setHttpError(request, new RangeError("boom"));
      response.destroy();
    });
  });
  assertEquals(observed.text, "broken");
  assertEquals(errorsOf(observed), [[200, "RangeError", false]]);
  assertEquals(observed.spans[0]?.events.map(({ name }) => name), ["exception"]);
  assertEquals(observed.records.map(({ level }) => level), ["error"]);
});

Deno.test("an error that was answered with a client's is none when the client goes away", async () => {
  const observed = await askedOnce((request, response) => {
    setHttpError(request, new RangeError("bad input"));
    response.statusCode = 400;
    response.write("some", () => response.destroy());
  });
  assertEquals(errorsOf(observed), [[400, undefined, true]]);
});

Deno.test("an error under way is none when the response has been sent all the same", async () => {
  const observed = await askedOnce((request, response) => {
    response.write("some", () => {
      setHttpError(request, new RangeError("boom"));
      response.end();
    });
  });
  assertEquals([observed.text, errorsOf(observed)], ["some", [[200, undefined, false]]]);
});

Deno.test({
  name: "a response that is destroyed with an error fails of it",
  ignore: "Deno" in globalThis, // whose responses do not say what they were destroyed with
  async fn() {
    const observed = await askedOnce((_request, response) => {
      const source = new Readable({ read() {} });
      source.push("some");
      source.on("error", (error) => response.destroy(error));
      source.pipe(response);
      response.on("error", () => {});
      response.write("first", () => source.destroy(new RangeError("boom")));
    });
    assertEquals(errorsOf(observed), [[200, "RangeError", false]]);
  },
});

Deno.test("Hono on node:http: a stream that fails is the failure of its request", async () => {
  const service = observedHttp();
  const app = new Hono();
  app.use(honoMiddleware(service.bus));
  app.get("/live", () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new RangeError()) });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  });
  // What `@hono/node-server` hands over.
  const outgoing = { on() {}, socket: {}, headersSent: false };
  const response = await app.request("/live", {}, { outgoing });
  assertEquals(await response.text().catch(({ name }) => name), "RangeError");
  await service.ended(1);
  assertEquals(errorsOf({ text: "", ...await service.observed() }), [[200, "RangeError", false]]);
});

Deno.test("Hono on node:http: a text is handed on as it is", async () => {
  const service = observedHttp();
  const app = new Hono();
  const texts = [new Response("tea"), new Response(new Uint8Array(3))];
  app.use(honoMiddleware(service.bus));
  app.get("/:index", ({ req }) => texts[Number(req.param("index"))]!);
  const outgoing = { on() {}, socket: {}, headersSent: false };
  for (const [index, text] of texts.entries()) {
    assertEquals(await app.request(`/${index}`, {}, { outgoing }) === text, true);
  }
  await service.observed();
});

for (const framework of ["a handler", "Hono"]) {
  Deno.test({
    name: `${framework}: what is thrown because the client has gone is no failure`,
    ignore: "Deno" in globalThis, // whose requests do not tell
    async fn() {
      const service = observedHttp();
      const client = new AbortController();
      const read = () => {
        client.abort();
        return Promise.reject(new Error("the connection was closed"));
      };
      const request = new Request("http://localhost/items/7", { signal: client.signal });
      if (framework === "Hono") {
        const app = new Hono();
        app.onError((_error, context) => context.text("sorry", 500));
        app.use(honoMiddleware(service.bus));
        app.get("/items/:id", read);
        await app.fetch(request);
      } else {
        await instrumentHandler(service.bus, read)(request).catch(() => {});
      }
      const observed = { text: "", ...await service.observed() };
      assertEquals(errorsOf(observed), [[undefined, undefined, true]]);
      assertEquals(observed.records.map(({ level }) => level), ["info"]);
    },
  });
}
