import { assert, assertEquals } from "@std/assert";
import { EventBus, type EventSubscriber } from "@busbar/busbar";
import { PrometheusMetrics } from "@busbar/busbar/otel";
import { type Meter, observeBus } from "@busbar/busbar/subscribers";
import { RecordingSubscriber } from "@busbar/busbar/testing";
import { ONE_SLICE_MS } from "../../support/quiet_bus.ts";

/** What a meter is told of a histogram, as far as it is looked at here. */
interface MetricOptions {
  readonly advice?: { readonly explicitBucketBoundaries?: readonly number[] };
}

/** An observed bus whose slices a test makes up, and the meter's histogram. */
function madeUpSlices() {
  let recorded: number[] = [];
  let collect = (_result: { observe(): void }): void => {};
  const meter = {
    createHistogram: () => ({ record: (value: number) => void recorded.push(value) }),
    createObservableGauge: () => ({}),
    createObservableCounter: () => ({}),
    addBatchObservableCallback: (callback: typeof collect) => collect = callback,
  } as unknown as Meter;
  let timer: EventSubscriber | undefined;
  const bus = new EventBus();
  bus.registerSubscriber = (subscriber) => {
    timer = subscriber as EventSubscriber;
    return { [Symbol.dispose]: () => {} };
  };
  observeBus(bus, { meter });
  return {
    slice: (tookMs: number) => timer?.onDrain?.(performance.now() - tookMs - 100),
    recorded: () => recorded,
    scrape: () => {
      recorded = [];
      collect({ observe: () => {} });
      return recorded;
    },
  };
}

Deno.test("a slice calls no instrument; the next scrape records it, once", () => {
  const { slice, recorded, scrape } = madeUpSlices();
  for (let i = 1; i <= 20; i++) slice(i * 1_000);
  assertEquals(recorded(), []);
  assertEquals(scrape().map(Math.floor).toSorted((a, b) => a - b), range(1, 20));
  assertEquals(scrape(), []);
  slice(NaN);
  assertEquals(scrape(), []);
  slice(5_000);
  assertEquals(scrape().map(Math.floor), [5]);
});

Deno.test("of many slices a scrape records some, and the longest, whenever it was", () => {
  const { slice, scrape } = madeUpSlices();
  for (const longestAt of [1, 200, 5_000]) {
    for (let i = 1; i <= 5_000; i++) slice(i === longestAt ? 9e9 : i * 1_000);
    const seconds = scrape().map(Math.floor);
    assertEquals(seconds.length, 257);
    assertEquals(new Set(seconds).size, 257);
    assert(seconds.includes(9e6));
    // By chance they are all of the first half once in 2^256 runs.
    assert(seconds.some((second) => second <= 2_500));
    assert(seconds.some((second) => second > 2_500 && second <= 5_000));
  }
});

Deno.test("each slice is as likely to be recorded, but for the longest", () => {
  const { slice, scrape } = madeUpSlices();
  for (let i = 1; i <= 5_000; i++) slice(i * 1_000);
  const seconds = scrape().map(Math.floor);
  // Of 256 of 5,000, 64 are of each quarter: fewer than 16 once in 10^13 runs.
  for (let quarter = 0; quarter < 4; quarter++) {
    const of = seconds.filter((second) =>
      second > quarter * 1_250 && second <= quarter * 1_250 + 1_250
    );
    assert(of.length >= 16, `${of.length} are of quarter ${quarter}`);
  }
});

Deno.test("what is recorded are seconds, to the millisecond and beyond", () => {
  const { slice, scrape } = madeUpSlices();
  for (let i = 0; i < 2; i++) slice(5e9);
  for (const seconds of scrape()) assert(Math.abs(seconds - 5e6) < 1_000, `${seconds}`);
});

Deno.test("its buckets are around the budget of a slice, from 0.1 ms to a second", () => {
  let bounds: readonly number[] = [];
  const meter = {
    createHistogram: (_name: string, { advice }: MetricOptions) => {
      bounds = advice?.explicitBucketBoundaries ?? [];
      return { record: () => {} };
    },
    createObservableGauge: () => ({}),
    createObservableCounter: () => ({}),
    addBatchObservableCallback: () => {},
    removeBatchObservableCallback: () => {},
  } as unknown as Meter;
  observeBus(new EventBus(), { meter })[Symbol.dispose]();
  assertEquals([bounds[0], bounds.at(-1)], [0.0001, 1]);
  assert(bounds.includes(0.004), "the budget is no bound");
  for (const [index, bound] of bounds.slice(1).entries()) {
    const ratio = bound / bounds[index]!;
    assert(ratio > 1 && ratio <= 4, `${bound} follows ${bounds[index]}`);
  }
});

Deno.test("once the observation has ended, no slice is timed for it", async () => {
  await using bus = new EventBus({ drainBudgetMs: ONE_SLICE_MS }).start();
  const { registerSubscriber } = bus;
  let drains = 0;
  bus.registerSubscriber = (subscriber) => {
    subscriber.onDrain = () => void drains++;
    return registerSubscriber.call(bus, subscriber);
  };
  await using metrics = new PrometheusMetrics();
  const observation = observeBus(bus, { meter: metrics.meter });
  const slice = async () => {
    drains = 0;
    bus.publish("seen");
    await bus.flush();
    return drains;
  };
  assert(await slice() > 0);
  observation[Symbol.dispose]();
  assertEquals(await slice(), 0);
});

Deno.test("of slices of one quick event, one in seventeen is timed", async () => {
  const startedAt: number[] = [];
  class Listening extends RecordingSubscriber {
    override onDrain(sliceStartedAtMs?: number): void {
      startedAt.push(sliceStartedAtMs ?? -1);
    }
  }
  const bus = new EventBus({ drainBudgetMs: ONE_SLICE_MS }).start();
  bus.registerSubscriber(new Listening());
  const publish = async (times: number) => {
    for (let i = 0; i < times; i++) {
      bus.publish("seen");
      await bus.flush();
    }
  };
  // The first one is timed: nobody knows yet that it is quick.
  await publish(1);
  assert(startedAt[0]! > 0);
  await publish(17 * 20);
  assertEquals(startedAt.slice(1).filter((ms) => ms > 0).length, 20);
  assertEquals(startedAt.slice(1).filter(Number.isNaN).length, 16 * 20);
  bus.publish("seen");
  bus.publish("seen");
  await bus.flush();
  assert(startedAt.at(-1)! > 0);
  await bus.stop();
});

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}
