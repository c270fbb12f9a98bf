import { assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import {
  httpServerCatalog,
  type HttpServerEvents,
  instrumentHandler,
} from "@busbar/busbar/instrumentation/http";
import { subscribeCatalog } from "@busbar/busbar/subscribers";
import { MemoryLogger } from "@busbar/busbar/testing";

const asked = (method = "GET") => new Request("http://shop.example/", { method });

/** A handler whose responses come when they are told to, and what is shown as under way. */
function counted(maxQueueSize: number) {
  const logger = new MemoryLogger();
  const bus = new EventBus<HttpServerEvents>({ maxQueueSize, logger }).start();
  const subscription = subscribeCatalog(bus, httpServerCatalog, { collect: true, logger });
  const answers: (() => void)[] = [];
  const handler = instrumentHandler(bus, (_request) =>
    new Promise<Response>((resolve) => {
      answers.push(() => resolve(new Response("text")));
    }));
  return {
    bus,
    handler,
    /** Gives so many responses. */
    answer: (count: number) => answers.splice(0, count).forEach((one) => one()),
    async active() {
      await bus.flush();
      const active = subscription.collect().find(({ name }) =>
        name === "http.server.active_requests"
      );
      return Object.fromEntries((active?.points ?? []).map((point) => [
        point.attributes["http.request.method"],
        (point as { value: number }).value,
      ]));
    },
  };
}

Deno.test("requests under way are shown by their method, and none when all have ended", async () => {
  const { bus, handler, answer, active } = counted(10_000);
  const responses = [handler(asked()), handler(asked()), handler(asked("POST"))];
  assertEquals(await active(), { GET: 2, POST: 1 });
  answer(2);
  await Promise.all(responses.slice(0, 2));
  assertEquals(await active(), { GET: 0, POST: 1 });
  answer(1);
  await responses[2];
  assertEquals(await active(), { GET: 0, POST: 0 });
  await bus.stop();
});

Deno.test("events that a full queue rejects do not shift it, whichever they are", async () => {
  const { bus, handler, answer, active } = counted(7);
  const responses = Array.from({ length: 20 }, () => handler(asked()));
  // The start of the next one tells of all.
  await bus.flush();
  responses.push(handler(asked()));
  assertEquals(await active(), { GET: 21 });
  answer(20);
  await Promise.all(responses.slice(0, 20));
  await bus.flush();
  answer(1);
  await responses[20];
  assertEquals(await active(), { GET: 0 });
  assertEquals(bus.stats().rejected.queue_full > 10, true);
  await bus.stop();
});
