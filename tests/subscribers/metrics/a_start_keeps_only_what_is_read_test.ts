import { assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { MetricsSubscriber } from "@busbar/busbar/subscribers";
import { kvCacheCatalog } from "@busbar/busbar/kv-cache";
import { MemoryLogger } from "@busbar/busbar/testing";
import { collectGarbage } from "../../support/garbage.ts";
import { nextTurn } from "../../support/quiet_bus.ts";

interface Events {
  "copy.start": { body: string; size: number };
  "copy.end": { size: number };
}

const { catalog, duration, throughput } = declare<Events>();
const { metrics = {} } = catalog({
  metrics: {
    "plain": duration("copy.start", "copy.end"),
    "of_end": duration("copy.start", "copy.end", {
      attributes: (end) => ({ size: end.metadata.size }),
      operationId: (event) => event.metadata.size,
    }),
    "of_start": duration("copy.start", "copy.end", {
      attributes: (_end, start) => ({ size: start.metadata.size }),
    }),
    "of_all": duration("copy.start", "copy.end", {
      attributes: (...both) => ({ size: both[1].metadata.size }),
    }),
    "bytes_of_end": throughput("copy.start", "copy.end", { bytes: (end) => end.metadata.size }),
    "bytes_of_start": throughput("copy.start", "copy.end", {
      bytes: (_end, { metadata }) => metadata.size,
    }),
    "attributes_of_start": throughput("copy.start", "copy.end", {
      bytes: (end) => end.metadata.size,
      attributes: (_end, { metadata }) => ({ size: metadata.size }),
    }),
  },
});

/** Whether each reads the start. */
const READS: Record<string, boolean> = {
  "plain": false,
  "of_end": false,
  "of_start": true,
  "of_all": true,
  "bytes_of_end": false,
  "bytes_of_start": true,
  "attributes_of_start": true,
};

for (const [name, declared] of Object.entries(metrics)) {
  const keeps = READS[name] ? "keeps the start that it reads" : "keeps a timestamp alone";
  Deno.test(`${name} ${keeps}, and measures`, async () => {
    const subscriber = new MetricsSubscriber<Events>({ metrics: { [name]: declared } });
    const bus = new EventBus<Events>({ logger: new MemoryLogger() }).start();
    bus.registerSubscriber(subscriber);
    const held = (() => {
      const metadata = { body: "text", size: 5 };
      bus.publish("copy.start", metadata, { timestamp: 1_000 });
      return new WeakRef(metadata);
    })();
    await bus.flush();
    await nextTurn(); // a reference that was read stays alive until its turn is over
    collectGarbage();
    assertEquals(held.deref() !== undefined, READS[name]);
    bus.publish("copy.end", { size: 5 }, { timestamp: 2_000 });
    await bus.stop();
    const [measured] = subscriber.collect();
    const points = measured?.kind === "histogram" ? measured.points : [];
    assertEquals(points.map(({ count }) => count), [1]);
    const isAttributed = declared.source === "pair" && declared.attributes !== undefined;
    assertEquals(points[0]?.attributes, isAttributed ? { size: 5 } : {});
    assertEquals(bus.subscriberExceptionCounts(), {});
  });
}

Deno.test("the KV cache's catalog reads no start but that of loads, which lists no chunk", () => {
  const pairs = Object.values(kvCacheCatalog().metrics ?? {}).filter(({ source }) =>
    source === "pair"
  );
  assertEquals(pairs.length > 0, true);
  assertEquals(
    pairs.flatMap((pair) => pair.source === "pair" && pair.readsStart ? [pair.start] : []),
    ["l2.load_task.submitted"],
  );
});
