import { assertEquals, assertRejects } from "@std/assert";
import { serveMetrics } from "@busbar/busbar/http";
import { spiedSignal } from "../support/spied_signal.ts";

const scrape = () => Promise.resolve("up 1\n");

Deno.test("a signal that outlives the server holds nothing of it", async () => {
  const { signal, listeners } = spiedSignal();
  const server = await serveMetrics({ port: 0, scrape, signal });
  assertEquals(listeners(), 1);
  await server.shutdown();
  assertEquals(listeners(), 0);
});

Deno.test("a signal that has ended the server holds nothing of it", async () => {
  const { signal, listeners, abort } = spiedSignal();
  const server = await serveMetrics({ port: 0, scrape, signal });
  abort();
  assertEquals(listeners(), 0);
  await server.shutdown();
});

Deno.test("a signal that aborts before the server listens holds nothing of it", async () => {
  const { signal, listeners, abort } = spiedSignal();
  const serving = serveMetrics({ port: 0, scrape, signal });
  abort();
  await assertRejects(() => serving, DOMException);
  assertEquals(listeners(), 0);
});
