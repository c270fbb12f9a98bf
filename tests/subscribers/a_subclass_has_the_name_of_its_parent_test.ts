import { assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { MetricsSubscriber } from "@busbar/busbar/subscribers";
import { MemoryLogger } from "@busbar/busbar/testing";

interface Events {
  done: undefined;
}

const { catalog, counter } = declare<Events>();
const { metrics } = catalog({
  metrics: {
    jobs: counter("done", {
      attributes: () => {
        throw new Error("on purpose");
      },
    }),
  },
});

class OwnMetrics extends MetricsSubscriber<Events> {}

class NamedMetrics extends MetricsSubscriber<Events> {
  override readonly name = "NamedMetrics";
}

Deno.test("a subclass of a shipped subscriber has its parent's name, unless it says another", async () => {
  const logger = new MemoryLogger();
  const bus = new EventBus<Events>({ logger }).start();
  for (const Subscriber of [OwnMetrics, NamedMetrics]) {
    bus.registerSubscriber(new Subscriber({ metrics, logger }));
  }
  bus.publish("done");
  await bus.stop();
  assertEquals({ ...bus.subscriberExceptionCounts() }, { MetricsSubscriber: 1, NamedMetrics: 1 });
});
