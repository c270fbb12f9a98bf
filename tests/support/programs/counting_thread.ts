// A worker that publishes without an end, as fast as it can, and says in memory of its own what was
// accepted: whatever moment it is terminated at, the sums of others must agree with that.
import { EventBus } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { MetricsSubscriber } from "@busbar/busbar/subscribers";
import { MIRROR } from "../../../src/subscribers/metrics/mirror.ts";
import { BusLedger } from "../../../src/threads/memory/bus_ledger.ts";
import { MemoryWriter } from "../../../src/threads/memory/memory_writer.ts";
import { createThreadMemory } from "../../../src/threads/memory/thread_memory.ts";

interface Events {
  "hit": { route: string; bytes: number };
}
const { catalog, counter, histogram } = declare<Events>();
const { metrics } = catalog({
  metrics: {
    "hits": counter("hit", { attributes: ({ metadata: { route } }) => ({ route }) }),
    "bytes": histogram("hit", {
      value: ({ metadata: { bytes } }) => bytes,
      attributes: ({ metadata: { route } }) => ({ route }),
      buckets: [1, 2, 3],
    }),
  },
});

const scope = globalThis as unknown as {
  onmessage: (message: MessageEvent<{ truth: SharedArrayBuffer; catalogHash: string }>) => void;
  postMessage: (message: unknown) => void;
};

scope.onmessage = ({ data: { truth, catalogHash } }) => {
  const memory = createThreadMemory(catalogHash, { cells: 10_000, textBytes: 100_000 });
  const writer = new MemoryWriter(memory);
  const bus = new EventBus<Events>({ maxQueueSize: 500, logger: { warn: () => {} } });
  const options = { metrics, [MIRROR]: writer };
  bus.registerSubscriber(new MetricsSubscriber<Events>(options));
  const ledger = new BusLedger(bus as unknown as EventBus<object>, writer, false);
  bus.registerSubscriber(ledger);
  ledger.attach();
  bus.start();
  const accepted = new Float64Array(truth);
  let next = 0;
  const turn = () => {
    const burst = next % 700;
    for (let i = 0; i < burst; i++) {
      next++;
      // Nothing may come between the two: a call or a loop is where a thread ends.
      if (bus.publish("hit", { route: `/${next % 10}`, bytes: next % 5 })) accepted[0]!++;
    }
    next++;
    setTimeout(turn, 0);
  };
  turn();
  scope.postMessage(memory.buffer);
};
