import { assert, assertEquals, assertThrows } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import {
  type Meter,
  MetricsSubscriber,
  observeBus,
  observeExport,
  observeSubscribers,
  type SelfMetricsOptions,
} from "@busbar/busbar/subscribers";
import { spiedSignal } from "../../support/spied_signal.ts";

const observations: Record<string, (options: SelfMetricsOptions) => Disposable> = {
  event_bus: (options) => observeBus(new EventBus(), options),
  metrics: (options) =>
    observeSubscribers({ metrics: new MetricsSubscriber({ metrics: {} }) }, options),
  export: (options) =>
    observeExport(
      () => ({ logs: { exported: 1, failed: 0, dropped: 0, queued: 0 } }),
      options,
    ),
};

/** A meter that shows how many callbacks would be called at a collection. */
function countingMeter() {
  const callbacks = new Set<unknown>();
  const instrument = () => ({ record: () => {} });
  const meter = {
    createHistogram: instrument,
    createObservableGauge: instrument,
    createObservableCounter: instrument,
    addBatchObservableCallback: (callback: unknown) => void callbacks.add(callback),
    removeBatchObservableCallback: (callback: unknown) => void callbacks.delete(callback),
  };
  return { meter: meter as unknown as Meter, callbacks };
}

for (const [name, observe] of Object.entries(observations)) {
  Deno.test(`an abort ends the observation of ${name}, as disposing it does`, () => {
    const { meter, callbacks } = countingMeter();
    const ending = new AbortController();
    observe({ meter, prefix: undefined, signal: ending.signal });
    assertEquals(callbacks.size, 1);
    ending.abort();
    assertEquals(callbacks.size, 0);
    observe({ meter, signal: ending.signal });
    assertEquals(callbacks.size, 0);

    const observation = observe({ meter, signal: undefined });
    assertEquals(callbacks.size, 1);
    observation[Symbol.dispose]();
    assertEquals(callbacks.size, 0);
  });

  Deno.test(`the observation of ${name} leaves nothing on its signal`, () => {
    const { meter } = countingMeter();
    const { signal, listeners } = spiedSignal();
    const observation = observe({ meter, signal });
    assert(listeners() > 0);
    observation[Symbol.dispose]();
    assertEquals(listeners(), 0);
  });

  Deno.test(`options of the observation of ${name} are known and right, or refused`, () => {
    const { meter } = countingMeter();
    const wrong = { meter, prefx: "shop" } as SelfMetricsOptions;
    assertThrows(() => observe(wrong), TypeError, 'there is no option "prefx"');
    assertThrows(() => observe({ meter: {} as Meter }), TypeError, "meter must be");
  });
}

Deno.test("what there is nothing to observe of ends as well", () => {
  const { meter, callbacks } = countingMeter();
  observeBus(new EventBus({ enabled: false }), { meter })[Symbol.dispose]();
  observeExport(() => ({}), { meter })[Symbol.dispose]();
  assertEquals(callbacks.size, 0);
});
