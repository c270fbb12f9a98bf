import { AsyncLocalStorage } from "node:async_hooks";
import { assertEquals } from "@std/assert";
import { ExportQueue } from "@busbar/busbar/otel";

const requests = new AsyncLocalStorage<string>();

/** A queue made in a request, what its exports and its logger saw, and when the next export began. */
function queueOfRequest(bounds: { maxExportBatchSize?: number; scheduleDelayMs?: number } = {}) {
  const seen: [where: string, store: string | undefined][] = [];
  let begun = Promise.withResolvers<void>();
  const see = (where: string) => void seen.push([where, requests.getStore()]);
  const queue = new ExportQueue<number>({
    itemName: "numbers",
    exportBatch: async () => {
      see("export");
      begun.resolve();
      begun = Promise.withResolvers();
      await null;
      see("after an await");
      throw new Error("no receiver");
    },
    logger: { warn: () => see("logger") },
    ...bounds,
  });
  return { queue, seen, begun: () => begun.promise };
}

const NEUTRAL = [
  ["export", undefined],
  ["after an await", undefined],
  ["logger", undefined],
];

Deno.test("a batch that is full is exported in the context of no caller", async () => {
  await requests.run("request", async () => {
    const { queue, seen } = queueOfRequest({ maxExportBatchSize: 1 });
    queue.add(1);
    await queue.flush();
    assertEquals(seen, NEUTRAL);
    await queue.shutdown();
  });
});

Deno.test("so is one that its delay has sent", async () => {
  await requests.run("request", async () => {
    const { queue, seen, begun } = queueOfRequest({ scheduleDelayMs: 0 });
    // The queue's own timer does not keep a process alive, nor this test.
    const keepAlive = setInterval(() => {}, 1_000);
    queue.add(1);
    await begun();
    clearInterval(keepAlive);
    await queue.flush();
    assertEquals(seen, NEUTRAL);
    await queue.shutdown();
  });
});

Deno.test("so is what a flush or a shutdown sends, and what is lost is logged so", async () => {
  await requests.run("request", async () => {
    const flushed = queueOfRequest();
    flushed.queue.add(1);
    await flushed.queue.flush();
    assertEquals(flushed.seen, NEUTRAL);
    const ended = queueOfRequest();
    ended.queue.add(1);
    await ended.queue.shutdown();
    assertEquals(ended.seen, NEUTRAL);
    ended.queue.add(2);
    await ended.queue.shutdown();
    const late = queueOfRequest();
    await late.queue.shutdown();
    late.queue.add(1);
    await null;
    assertEquals(late.seen, [["logger", undefined]]);
  });
});
