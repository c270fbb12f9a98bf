import { assert, assertEquals } from "@std/assert";
import { EventBus, EventSubscriber, type Subscriptions } from "@busbar/busbar";
import type { MemoryWriter } from "../../../src/threads/memory/memory_writer.ts";
import { FakeThread, SAME_CATALOG, totalsOf, valuesOf } from "../../support/thread_memories.ts";
import { BusLedger } from "../../../src/threads/memory/bus_ledger.ts";
import { MAX_FOLDED } from "../../../src/threads/memory/format.ts";
import { Folder } from "../../../src/threads/memory/fold.ts";
import { ThreadTotals } from "../../../src/threads/memory/thread_totals.ts";

/** Ends slices, as a `MetricsSubscriber` does. */
class SliceEnd extends EventSubscriber<object> {
  readonly #writer: MemoryWriter;

  constructor(writer: MemoryWriter) {
    super();
    this.#writer = writer;
  }

  override getSubscriptions(): Subscriptions<object> {
    return {};
  }

  override onDrain(): void {
    this.#writer.endSlice();
  }
}

for (const state of ["hung", "dead"] as const) {
  Deno.test(`what a ${state} thread has counted stays, its gauges leave`, () => {
    const [a, b] = [new FakeThread("a"), new FakeThread("b")];
    for (const thread of [a, b]) {
      thread.count(1);
      thread.count(1, {}, { name: "gauge", kind: "gauge" });
      thread.count(1, {}, { name: "open", kind: "upDownCounter" });
      thread.count(1, {}, { name: "h", kind: "histogram", bounds: [1] });
    }
    b.member.state = state;
    const totals = totalsOf([a, b]);
    const values = ["hits", "gauge", "open"].map((name) => valuesOf(totals, name)["{}"]);
    assertEquals(values, [2, 1, 1]);
    const h = totals.metrics.find(({ name }) => name === "h");
    assert(h?.kind === "histogram" && h.points[0]?.count === 2);
  });
}

Deno.test("what a thread took along is what its totals lack, exactly", async () => {
  for (const overflow of ["drop-newest", "drop-oldest"] as const) {
    for (let delivered = 0; delivered < 3; delivered++) {
      const thread = new FakeThread("a");
      const bus = new EventBus({ maxQueueSize: 5, overflow, logger: { warn: () => {} } });
      const ledger = new BusLedger(bus, thread.writer, overflow === "drop-oldest");
      using _ = ledger.attach();
      bus.subscribeAll(() =>
        void thread.add({}, {}, (cells) => {
          (cells[0] as number)++;
        })
      );
      bus.registerSubscriber(new SliceEnd(thread.writer));
      bus.registerSubscriber(ledger);
      for (let i = 0; i < delivered; i++) bus.publish("e");
      await bus.flush();
      let accepted = delivered;
      for (let i = 0; i < 7; i++) accepted += Number(bus.publish("e"));
      thread.member.state = "dead";
      const totals = totalsOf([thread]);
      assertEquals(totals.ledger.accepted, accepted);
      assertEquals(totals.ledger.threadLost, 5);
      assertEquals(valuesOf(totals)["{}"] ?? 0, delivered);
      assertEquals(totals.ledger.queueFull + totals.ledger.evicted, 2);
      // It was not dead: nothing is lost then.
      thread.member.state = "alive";
      await bus.stop();
      thread.member.state = "dead";
      assertEquals(totalsOf([thread]).ledger.threadLost, 0);
    }
  }
});

Deno.test("what a stop left over is not lost with the thread", async () => {
  const thread = new FakeThread("a");
  const bus = new EventBus({ logger: { warn: () => {} } });
  const ledger = new BusLedger(bus, thread.writer, false);
  using _ = ledger.attach();
  bus.registerSubscriber(new SliceEnd(thread.writer));
  bus.registerSubscriber(ledger);
  bus.publish("e");
  bus.publish("e");
  await bus.stop({ timeoutMs: 0 });
  thread.member.state = "dead";
  const { ledger: { accepted, delivered, shutdown, threadLost } } = totalsOf([thread]);
  assertEquals([accepted, delivered + shutdown, threadLost], [2, 2, 0]);
});

/** Folds in one go. @returns whether it did */
function fold(folder: Folder, dead: FakeThread): boolean {
  const steps = folder.fold(dead.member.memory);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** A dead thread of a hit, with an event that it took along. */
function deadThread(name: string): FakeThread {
  const thread = new FakeThread(name);
  thread.count(1);
  thread.add({ name: "h", kind: "histogram", bounds: [1] }, {}, (cells) => {
    cells.set([1, 0.5, 0.5, 0.5, 1]);
  });
  thread.writer.memory.float64[32] = 3;
  thread.writer.delivered[0] = 2;
  thread.writer.commit();
  thread.member.state = "dead";
  return thread;
}

Deno.test("a fold changes no sum, for nobody, whichever memories they know", () => {
  const [a, b, c] = [new FakeThread("a"), deadThread("b"), deadThread("c")];
  a.count(1);
  const early = new ThreadTotals(SAME_CATALOG);
  const seen = (known: FakeThread[], totals?: ThreadTotals) => {
    const { ledger, metrics, ...rest } = totalsOf(known, totals);
    const h = metrics.find(({ name }) => name === "h");
    return {
      hits: valuesOf({ metrics, ledger, ...rest })["{}"],
      h: h?.kind === "histogram" ? h.points[0]?.bucketCounts[0] : undefined,
      lost: ledger.threadLost,
      accepted: ledger.accepted,
      delivered: ledger.delivered,
    };
  };
  const all = { hits: 3, h: 2, lost: 2, accepted: 6, delivered: 4 };
  assertEquals(seen([a, b, c], early), all);
  const folder = new Folder(a.writer);
  const steps = folder.fold(b.member.memory);
  for (let isDone: boolean | undefined = false; !isDone; isDone = steps.next().done) {
    assertEquals(seen([a, b, c], early), all, "before it shows");
  }
  assertEquals(seen([a, b, c], early), all, "those who know both");
  assertEquals(seen([a, c]), all, "those who come later");
  assertEquals(totalsOf([a, b, c]).folded, new Set([b.member.memory.incarnation]));
  // Nobody folds it again.
  assert(!fold(new Folder(new FakeThread("d").writer), b));
  // One that folded others is folded with them.
  a.member.state = "dead";
  const d = new FakeThread("d");
  const second = new Folder(d.writer);
  assert(fold(second, a));
  assert(fold(second, c));
  assertEquals(seen([d]), all);
  assertEquals(seen([a, b, c, d], early), all);
});

Deno.test("what is folded while it is summed is in the sum once", () => {
  const [a, b] = [new FakeThread("a"), deadThread("b")];
  for (let i = 0; i < 200; i++) a.count(1, { i });
  const folder = new Folder(a.writer);
  // Its series are known then.
  assert(fold(folder, deadThread("earlier")));
  const steps = new ThreadTotals(SAME_CATALOG).collect(() => [b.member, a.member]);
  for (let at = 0;; at++) {
    const step = steps.next();
    if (step.done) {
      assertEquals(valuesOf(step.value)["{}"], 2);
      return;
    }
    if (at === 5) {
      assert(fold(folder, b));
    }
  }
});

Deno.test("what cannot be folded for want of room stays as it is", () => {
  const a = new FakeThread("a", { cells: 4, textBytes: 400 });
  const b = deadThread("b");
  assert(!fold(new Folder(a.writer), b));
  assertEquals(valuesOf(totalsOf([a, b]))["{}"], 1);
  const roomy = new FakeThread("c");
  assert(fold(new Folder(roomy.writer), b));
});

Deno.test("however many are taken over one after another, nobody sees one twice or not at all", () => {
  const more = MAX_FOLDED + 100;
  const [a, first] = [new FakeThread("a"), deadThread("first")];
  const folder = new Folder(a.writer);
  const early = new ThreadTotals(SAME_CATALOG);
  assert(fold(folder, first));
  for (let folded = 1; folded <= more; folded++) assert(fold(folder, deadThread("more")));
  const last = deadThread("last");
  assert(fold(folder, last));
  const seen = (known: FakeThread[], totals?: ThreadTotals) => {
    const all = totalsOf(known, totals);
    return [valuesOf(all)["{}"], all.ledger.accepted, all.ledger.threadLost];
  };
  const all = seen([a]);
  assertEquals(all[0], more + 2);
  // As a thread knows them that was silent meanwhile.
  assertEquals(seen([a, first, last], early), all);
  a.member.state = "dead";
  const b = new FakeThread("b");
  assert(fold(new Folder(b.writer), a));
  assertEquals(seen([b]), all);
  assertEquals(seen([a, b, first, last], early), all);
});
