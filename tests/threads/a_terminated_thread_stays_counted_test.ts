import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { openThreadMemory } from "../../src/threads/memory/thread_memory.ts";
import { ThreadTotals, type Totals } from "../../src/threads/memory/thread_totals.ts";
import { SAME_CATALOG, valuesOf } from "../support/thread_memories.ts";

const PROGRAM = new URL("../support/programs/counting_thread.ts", import.meta.url);
/** `TERMINATIONS=100 deno test …` for more. */
const TERMINATIONS = Number(process.env["TERMINATIONS"] ?? 1);

/** The next message of a worker. */
function messageOf<Message>(worker: Worker): Promise<Message> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
}

function sumOf(totals: ThreadTotals, memory: ReturnType<typeof openThreadMemory>): Totals {
  assert(memory !== undefined);
  const steps = totals.collect(() => [{ memory, name: "worker", state: "dead" }]);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

const hitsOf = (totals: Totals) =>
  Object.values(valuesOf(totals)).reduce((sum, hits) => sum + hits, 0);

Deno.test("a worker that is terminated at any moment has counted all but what is said to be lost", async () => {
  for (let i = 0; i < TERMINATIONS; i++) {
    const truth = new SharedArrayBuffer(8);
    const worker = new Worker(PROGRAM, { type: "module" });
    worker.postMessage({ truth, catalogHash: SAME_CATALOG });
    const memory = openThreadMemory(await messageOf<SharedArrayBuffer>(worker));
    const totals = new ThreadTotals(SAME_CATALOG);
    const until = performance.now() + 20 + 60 * Math.random();
    let before = 0;
    let reads = 0;
    while (performance.now() < until || before === 0) {
      const read = sumOf(totals, memory);
      // Each event is in both: what is read amid a slice would be torn.
      const bytes = read.metrics.find(({ name }) => name === "bytes");
      for (const point of bytes?.kind === "histogram" ? bytes.points : []) {
        assertEquals(point.bucketCounts.reduce((sum, count) => sum + count), point.count);
      }
      assert(hitsOf(read) >= before, "it fell");
      before = hitsOf(read);
      if (++reads % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    }
    worker.terminate();
    const accepted = () => new Float64Array(truth)[0] as number;
    // Whether it has ended nobody says: it counts until it has.
    let last = sumOf(totals, memory);
    for (let earlier = NaN; last.ledger.accepted !== accepted() || earlier !== accepted();) {
      earlier = accepted();
      await new Promise((resolve) => setTimeout(resolve, 30));
      last = sumOf(totals, memory);
    }
    const { ledger } = last;
    const hits = hitsOf(last);
    assertEquals(hits + ledger.threadLost, ledger.accepted);
    assertEquals(ledger.delivered, hits);
  }
});
