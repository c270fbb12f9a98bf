import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { delay } from "@std/async";
import { DEFAULT_EXPORT_QUEUE_OPTIONS, ExportQueue } from "@busbar/busbar/otel";
import { MemoryLogger } from "@busbar/busbar/testing";

/** A queue whose exports are kept; what `exporting` says happens to each. */
function testQueue(
  bounds: Partial<ConstructorParameters<typeof ExportQueue<number>>[0]> = {},
) {
  const batches: number[][] = [];
  const logger = new MemoryLogger();
  const queue = new ExportQueue<number>({
    itemName: "numbers",
    exportBatch: (items) => {
      batches.push(items);
      return Promise.resolve();
    },
    logger,
    ...bounds,
  });
  return { queue, batches, lines: logger.lines };
}

Deno.test("A burst of 100,000 in one turn loses none, in batches, in order", async () => {
  const { queue, batches, lines } = testQueue({ maxQueueSize: 100_000 });
  for (let i = 0; i < 100_000; i++) queue.add(i);
  assertEquals(batches.length, 0);
  assertEquals(await queue.flush(), true);
  assertEquals(queue.stats(), { exported: 100_000, failed: 0, dropped: 0, queued: 0 });
  assert(batches.every(({ length }) => length <= 512));
  assert(batches.flat().every((item, index) => item === index));
  assertEquals(lines, []);
});

Deno.test("What does not fit is dropped, counted, and logged once", async () => {
  const { queue, lines } = testQueue({ maxQueueSize: 10 });
  for (let i = 0; i < 25; i++) queue.add(i);
  await queue.flush();
  assertEquals(queue.stats(), { exported: 10, failed: 0, dropped: 15, queued: 0 });
  assertEquals(lines, ["busbar: Cannot export 15 numbers, 15 in all: the queue is full"]);
});

Deno.test("A full batch goes at once, a smaller one after its delay", async () => {
  let sent = Promise.withResolvers<number[]>();
  const delayed = testQueue({
    scheduleDelayMs: 0,
    exportBatch: (items) => Promise.resolve(sent.resolve(items)),
  });
  // The queue's own timer does not keep a process alive, nor this test.
  const keepAlive = setInterval(() => {}, 1_000);
  for (const item of [1, 2]) {
    delayed.queue.add(item);
    assertEquals(await sent.promise, [item]);
    sent = Promise.withResolvers();
  }
  clearInterval(keepAlive);

  const full = testQueue({ maxExportBatchSize: 2 });
  for (const item of [1, 2, 3]) full.queue.add(item);
  await Promise.resolve();
  await Promise.resolve();
  assertEquals(full.batches, [[1, 2]]);
  await full.queue.shutdown();
  assertEquals(full.batches, [[1, 2], [3]]);
});

Deno.test("One export is in progress at a time", async () => {
  let running = 0;
  let most = 0;
  const { queue } = testQueue({
    maxExportBatchSize: 1,
    exportBatch: async () => {
      most = Math.max(most, ++running);
      await null;
      running--;
    },
  });
  for (let i = 0; i < 10; i++) queue.add(i);
  assertEquals(await Promise.all([queue.flush(), queue.flush()]), [true, true]);
  assertEquals([most, queue.stats().exported], [1, 10]);
});

Deno.test("A batch that fills while the last export ends goes too", async () => {
  // Adds at each of the microtasks around the end of an export.
  for (let after = 0; after < 8; after++) {
    const { queue, batches } = testQueue({ maxExportBatchSize: 1 });
    queue.add(1);
    for (let i = 0; i < after; i++) await null;
    queue.add(2);
    for (let i = 0; i < 20; i++) await null;
    assertEquals(batches, [[1], [2]], `after ${after} microtasks`);
  }
});

Deno.test("A failed export is counted and logged, and the next one is tried", async () => {
  let fail = true;
  const { queue, lines } = testQueue({
    maxExportBatchSize: 2,
    exportBatch: () => fail ? Promise.reject(new Error("no receiver")) : Promise.resolve(),
  });
  for (const item of [1, 2, 3]) queue.add(item);
  await queue.flush();
  assertEquals(queue.stats(), { exported: 0, failed: 3, dropped: 0, queued: 0 });
  fail = false;
  queue.add(4);
  await queue.shutdown();
  assertEquals(queue.stats(), { exported: 1, failed: 3, dropped: 0, queued: 0 });
  assertEquals(lines, [
    "busbar: Cannot export 2 numbers, 2 in all: no receiver",
    "busbar: Cannot export 1 numbers, 3 in all: no receiver",
  ]);
});

Deno.test("Failures one soon after the other are a line, and one more at the end", async () => {
  const { queue, lines } = testQueue({
    maxExportBatchSize: 1,
    exportBatch: () => Promise.reject(new Error("no receiver")),
  });
  for (let i = 0; i < 5; i++) {
    queue.add(i);
    await queue.flush();
  }
  await queue.shutdown();
  assertEquals(lines, [
    "busbar: Cannot export 1 numbers, 1 in all: no receiver",
    "busbar: Cannot export 4 numbers, 5 in all: no receiver",
  ]);
});

Deno.test("Of a batch accepted in part, each part is counted as what it is", async () => {
  const partly = (rejectedCount: unknown) => Object.assign(new Error("refused"), { rejectedCount });
  const table: [error: unknown, failed: number][] = [
    [partly(2), 2],
    [partly(0), 0],
    [partly(0.9), 0],
    [partly(7), 5],
    // What is no such count says nothing: all were refused.
    [partly(-1), 5],
    [partly(NaN), 5],
    [partly("2"), 5],
    [new Error("refused"), 5],
    [undefined, 5],
    [null, 5],
    ["rejectedCount", 5],
  ];
  for (const [error, failed] of table) {
    const { queue } = testQueue({ exportBatch: () => Promise.reject(error) });
    for (const item of [1, 2, 3, 4, 5]) queue.add(item);
    await queue.flush();
    assertEquals(queue.stats(), { exported: 5 - failed, failed, dropped: 0, queued: 0 });
  }
});

Deno.test("An export without a response fails at its deadline, and holds up nobody else", async () => {
  const { queue, lines } = testQueue({
    exportTimeoutMs: 1,
    exportBatch: ([first]) => first === 1 ? new Promise(() => {}) : Promise.resolve(),
    maxExportBatchSize: 1,
  });
  queue.add(1);
  queue.add(2);
  assertEquals(await queue.flush(), true);
  assertEquals(queue.stats(), { exported: 1, failed: 1, dropped: 0, queued: 0 });
  assertEquals(lines, ["busbar: Cannot export 1 numbers, 1 in all: no response within 1 ms"]);
});

Deno.test("A flush ends at its deadline; a shutdown then drops what waits and says so", async () => {
  const { queue, lines } = testQueue({
    maxExportBatchSize: 1,
    exportBatch: () => new Promise(() => {}),
  });
  for (const item of [1, 2, 3]) queue.add(item);
  assertEquals(await queue.flush({ timeoutMs: 1 }), false);
  assertEquals(await queue.flush({ signal: AbortSignal.abort(), timeoutMs: 600_000 }), false);
  await queue.shutdown({ timeoutMs: 1 });
  // Nobody waits for the one that was being exported, whether its exporter obeys the signal or not.
  assertEquals(queue.stats(), { exported: 0, failed: 1, dropped: 2, queued: 0 });
  assertEquals(lines, ["busbar: Cannot export 3 numbers, 3 in all: the queue was shut down"]);
  assertEquals(await queue.flush(), true);
  queue.add(4);
  assertEquals(queue.stats(), { exported: 0, failed: 1, dropped: 3, queued: 0 });
});

Deno.test("A second shutdown waits for the first, and does not shorten its time", async () => {
  const answer = Promise.withResolvers<void>();
  const { queue } = testQueue({ exportBatch: () => answer.promise });
  queue.add(1);
  const first = queue.shutdown();
  const second = queue.shutdown({ timeoutMs: 0 });
  assertEquals(
    await Promise.race([second.then(() => "ended"), delay(0).then(() => "waits")]),
    "waits",
  );
  answer.resolve();
  await Promise.all([first, second]);
  assertEquals(queue.stats(), { exported: 1, failed: 0, dropped: 0, queued: 0 });
});

Deno.test("What comes after a shutdown is dropped, and the log says why", async () => {
  const { queue, lines } = testQueue();
  await queue.shutdown();
  queue.add(1);
  await Promise.resolve();
  assertEquals(queue.stats(), { exported: 0, failed: 0, dropped: 1, queued: 0 });
  assertEquals(lines, ["busbar: Cannot export 1 numbers, 1 in all: the queue was shut down"]);
});

Deno.test("A shutdown reports all losses that no line has named yet, soon after another line", async () => {
  const { queue, lines } = testQueue({
    maxQueueSize: 3,
    maxExportBatchSize: 1,
    exportBatch: () => new Promise(() => {}),
  });
  for (const item of [1, 2, 3, 4]) queue.add(item);
  await queue.shutdown({ timeoutMs: 1 });
  assertEquals(queue.stats(), { exported: 0, failed: 1, dropped: 3, queued: 0 });
  assertEquals(lines, [
    "busbar: Cannot export 1 numbers, 1 in all: the queue is full",
    "busbar: Cannot export 3 numbers, 4 in all: the queue was shut down",
  ]);
});

Deno.test("The signal of an export aborts when nobody waits for it any more", async () => {
  const signals: AbortSignal[] = [];
  const exportBatch = (_items: number[], signal: AbortSignal) => {
    signals.push(signal);
    return new Promise<void>((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(new Error("cut off")));
    });
  };
  const slow = testQueue({ exportTimeoutMs: 1, exportBatch });
  slow.queue.add(1);
  assertEquals(await slow.queue.flush(), true);
  const ended = testQueue({ exportBatch });
  ended.queue.add(1);
  await ended.queue.shutdown({ timeoutMs: 0 });
  assertEquals(await ended.queue.flush(), true);
  assertEquals(ended.queue.stats(), { queued: 0, exported: 0, failed: 1, dropped: 0 });
  assertEquals(signals.map(({ aborted }) => aborted), [true, true]);

  const { queue } = testQueue({
    exportBatch: (_items, signal) => Promise.resolve(void signals.push(signal)),
  });
  queue.add(1);
  await queue.shutdown();
  assertEquals(signals[2]?.aborted, false);
});

Deno.test("A flush waits for what waits now, not for what comes meanwhile", async () => {
  let added = 0;
  const { queue } = testQueue({
    maxExportBatchSize: 1,
    exportBatch: () => {
      if (added++ < 1_000) queue.add(added);
      return Promise.resolve();
    },
  });
  queue.add(0);
  await queue.flush();
  assert(queue.stats().exported < 10);
  while (queue.stats().queued > 0) await queue.flush();
});

Deno.test("A logger that throws, or an export that does, ends nothing", async () => {
  const { queue } = testQueue({
    logger: {
      warn() {
        throw new Error("no log");
      },
    },
    exportBatch: () => {
      throw new Error("no export");
    },
  });
  queue.add(1);
  await queue.shutdown();
  await queue.shutdown();
  assertEquals(queue.stats().failed, 1);
});

Deno.test("What is out of range, unknown or missing is refused, undefined counts as absent", async () => {
  assertThrows(() => testQueue({ maxQueueSize: 0 }), RangeError, "maxQueueSize");
  assertThrows(() => testQueue({ maxExportBatchSize: 1.5 }), RangeError, "maxExportBatchSize");
  assertThrows(() => testQueue({ exportTimeoutMs: NaN }), RangeError, "exportTimeoutMs");
  assertThrows(() => testQueue({ scheduleDelayMs: -1 }), RangeError, "scheduleDelayMs");
  assertThrows(() => testQueue({ exportBatch: 1 as never }), TypeError, "exportBatch");
  assertThrows(() => testQueue({ itemName: 1 as never }), TypeError, "itemName must be a text");
  assertThrows(
    () => testQueue({ maxQueuesSize: 1 } as object),
    TypeError,
    `Cannot create ExportQueue: there is no option "maxQueuesSize"; did you mean "maxQueueSize"?`,
  );
  const { queue } = testQueue({ maxQueueSize: undefined, exportTimeoutMs: undefined });
  const { maxQueueSize } = DEFAULT_EXPORT_QUEUE_OPTIONS;
  for (let i = 0; i <= maxQueueSize; i++) queue.add(i);
  assertEquals([queue.stats().queued, queue.stats().dropped], [maxQueueSize, 1]);
  await assertRejects(() => queue.flush({ timeoutMs: -1 }), RangeError, "timeoutMs");
  await assertRejects(() => queue.shutdown({ timeoutMs: NaN }), RangeError, "timeoutMs");
  await queue.shutdown();
});
