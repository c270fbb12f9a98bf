import { assertEquals } from "@std/assert";
import { ExportQueue } from "@busbar/busbar/otel";
import { collectGarbage } from "../support/garbage.ts";
import { runModule } from "../support/processes.ts";
import { nextTurn } from "../support/quiet_bus.ts";

Deno.test("a batch that waits to be filled keeps no process alive", async () => {
  const otel = JSON.stringify(import.meta.resolve("@busbar/busbar/otel"));
  const { code, stdout } = await runModule(`
    const { ExportQueue } = await import(${otel});
    const queue = new ExportQueue({
      itemName: "lines",
      scheduleDelayMs: 600_000,
      exportBatch: () => Promise.resolve(),
    });
    queue.add("line");
    console.log(queue.stats().queued);
  `);
  assertEquals([code, stdout], [0, "1\n"]);
});

Deno.test("what was exported is let go", async () => {
  const queue = new ExportQueue<object>({
    itemName: "objects",
    maxExportBatchSize: 1,
    exportBatch: () => Promise.resolve(),
  });
  /** In a function of its own, which leaves no reference behind. */
  const exportOne = async () => {
    const item = {};
    queue.add(item);
    await queue.flush();
    return new WeakRef(item);
  };
  const exported = await exportOne();
  await nextTurn();
  collectGarbage();
  assertEquals(exported.deref(), undefined);
  assertEquals(queue.stats().exported, 1);
  await queue.shutdown();
});
