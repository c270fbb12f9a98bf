import { assert, assertEquals } from "@std/assert";
import type { ExportQueueStats } from "../../../src/batching/export_queue.ts";
import { testWorker } from "../../support/workerd.ts";
import type { Receiver } from "../workers/export_queue.ts";

interface Seen extends ExportQueueStats {
  readonly batches: number[][];
  readonly lines: string[];
  readonly nowMs: number;
}

interface Flushed extends Seen {
  readonly flushed: boolean;
}

/** What is used of the worker: one of its queues, and a receiver that does something. */
const use = (queue: "patient" | "hasty" | "strict", receiver: Receiver) => [queue, receiver];

/** A flush that waits for nothing. */
const NO_TIME = 1;
const A_LONG_TIME = 600_000;

const test = testWorker("export_queue");
/** Of a request that is alive: it seems to have ended where the process was stopped for a second. */
const testUnstopped = testWorker("export_queue", { attempts: 5 });

test("a batch whose timer ended with its request goes with the next item, once it is late", async (worker) => {
  await worker.ask("use", use("hasty", "takes"));
  await worker.ask("add", [1]);
  const { batches } = await worker.askUntil<Seen>(({ exported }) => exported > 0, "add", [2]);
  assertEquals(batches[0]?.[0], 1);
});

test("a batch that is not late is filled by later requests", async (worker) => {
  await worker.ask("use", use("patient", "takes"));
  await worker.ask("add", [1]);
  await worker.ask("add", [2]);
  const { batches, exported } = await worker.askUntil<Seen>(
    ({ queued }) => queued === 0,
    "flush",
    A_LONG_TIME,
  );
  assertEquals([batches, exported], [[[1, 2]], 2]);
});

test("an export that was cut off is begun again by the next item", async (worker) => {
  await worker.ask("use", use("patient", "hangs"));
  await worker.ask("add", [1, 2]);
  await worker.ask("use", use("patient", "takes"));
  const { batches, failed } = await worker.askUntil<Seen>(
    ({ exported }) => exported >= 2,
    "add",
    [3],
  );
  assertEquals([batches.slice(0, 3), failed], [[[1, 2], [1, 2], [3, 3]], 0]);
});

test("so it is by a flush, which waits for it", async (worker) => {
  await worker.ask("use", use("patient", "hangs"));
  await worker.ask("add", [1, 2]);
  await worker.ask("use", use("patient", "takes"));
  const { flushed, batches, exported } = await worker.ask("flush", A_LONG_TIME) as Flushed;
  assertEquals([flushed, batches, exported], [true, [[1, 2], [1, 2]], 2]);
});

test("an export that is cut off again and again fails when its time is over", async (worker) => {
  await worker.ask("use", use("strict", "hangs"));
  await worker.ask("add", [1, 2, 3, 4]);
  const { batches, lines, exported, queued } = await worker.askUntil<Seen>(
    ({ failed }) => failed > 0,
    "flush",
    NO_TIME,
  );
  assertEquals(lines, [
    "busbar: Cannot export 2 numbers, 2 in all: the request that exported them has ended",
  ]);
  assertEquals([exported, queued], [0, 2]);
  assert(batches.length > 2, "it was begun once");
  await worker.ask("use", use("strict", "takes"));
  const end = await worker.ask("flush", A_LONG_TIME) as Seen;
  assertEquals([end.exported, end.failed, end.queued], [2, 2, 0]);
  assertEquals(end.batches.at(-1), [3, 4]);
});

testUnstopped("an export that is begun again has the rest of its time", async (worker) => {
  await worker.ask("use", use("strict", "hangs"));
  const { nowMs } = await worker.ask("add", [1, 2]) as Seen;
  const end = await worker.ask("flush", A_LONG_TIME) as Flushed;
  assertEquals(end.lines, [
    "busbar: Cannot export 2 numbers, 2 in all: no response within 2500 ms",
  ]);
  assertEquals([end.flushed, end.failed, end.batches.length], [true, 2, 2]);
  // A second is over before it is known that the first request is gone.
  assert(end.nowMs - nowMs < 3_200, `${end.nowMs - nowMs} ms`);
});

testUnstopped(
  "an export of a request that goes on is begun once, and others wait for it",
  async (worker) => {
    await worker.ask("use", use("patient", "waits"));
    const first = worker.ask("addAndFlush", [1, 2]) as Promise<Flushed>;
    await worker.askUntil<Seen>(({ batches }) => batches.length > 0, "seen");
    await worker.ask("add", [3, 4, 5]);
    const late = await worker.ask("flush", NO_TIME) as Flushed;
    assertEquals([late.flushed, late.batches], [false, [[1, 2]]]);
    const second = worker.ask("flush", A_LONG_TIME) as Promise<Flushed>;
    await worker.ask("release");
    assertEquals([(await first).flushed, (await second).flushed], [true, true]);
    const { batches, exported, queued } = await worker.ask("seen") as Seen;
    assertEquals({ batches, exported, queued }, {
      batches: [[1, 2], [3, 4], [5]],
      exported: 5,
      queued: 0,
    });
  },
);

test("a shutdown ends what one that was cut off has begun", async (worker) => {
  await worker.ask("use", use("patient", "hangs"));
  await worker.ask("add", [1, 2, 3]);
  await worker.ask("shutdownAndLeave", A_LONG_TIME);
  const { exported, failed, dropped, queued } = await worker.ask("shutdown", NO_TIME) as Seen;
  assertEquals({ exported, failed, dropped, queued }, {
    exported: 0,
    failed: 2,
    dropped: 1,
    queued: 0,
  });
});

testUnstopped("a shutdown waits for one that goes on in another request", async (worker) => {
  await worker.ask("use", use("patient", "waits"));
  const first = worker.ask("addAndShutDown", [1, 2, 3]) as Promise<Seen>;
  await worker.askUntil<Seen>(({ dropped }) => dropped > 0, "add", [4]);
  const second = worker.ask("shutdown", NO_TIME) as Promise<Seen>;
  assertEquals((await worker.ask("seen") as Seen).exported, 0);
  await worker.ask("release");
  for (const { batches, exported, failed } of [await first, await second]) {
    assertEquals({ batches, exported, failed }, { batches: [[1, 2], [3]], exported: 3, failed: 0 });
  }
});
