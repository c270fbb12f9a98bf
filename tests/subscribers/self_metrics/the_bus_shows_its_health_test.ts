import { assert, assertEquals, assertThrows } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { PrometheusMetrics } from "@busbar/busbar/otel";
import { observeBus } from "@busbar/busbar/subscribers";
import { MemoryLogger } from "@busbar/busbar/testing";
import { ONE_SLICE_MS } from "../../support/quiet_bus.ts";
import { samples } from "../../support/samples.ts";

Deno.test("a scrape shows what the ledger says", async () => {
  await using metrics = new PrometheusMetrics({ serviceName: "s", serviceInstanceId: "i" });
  let now = 1_000;
  const bus = new EventBus({
    maxQueueSize: 2,
    clock: () => now,
    logger: new MemoryLogger(),
    drainBudgetMs: ONE_SLICE_MS,
  });
  using _observation = observeBus(bus, { meter: metrics.meter, prefix: "shop" });
  bus.subscribe("a", function broken() {
    throw new Error("broken");
  });
  for (let i = 0; i < 5; i++) bus.publish("a");
  now += 250;
  const before = samples(await metrics.scrape());
  assertEquals(before["shop_event_bus_drain_lag_seconds"], 0.25);
  assertEquals(before["shop_event_bus_queue_depth"], 2);
  await bus.flush();
  bus.publish("bus:mine" as "mine");
  const after = Object.entries(samples(await metrics.scrape()))
    .filter(([name]) => !name.startsWith("shop_event_bus_slice_duration"));
  assertEquals(Object.fromEntries(after), {
    'target_info{service_name="s",service_instance_id="i"}': 1,
    "shop_event_bus_queue_depth": 0,
    "shop_event_bus_queue_capacity": 2,
    "shop_event_bus_drain_lag_seconds": 0,
    "shop_event_bus_published_events_total": 6,
    "shop_event_bus_delivered_events_total": 2,
    "shop_event_bus_dropped_events_total": 3,
    'shop_event_bus_lost_events_total{reason="queue_full"}': 3,
    'shop_event_bus_lost_events_total{reason="stopped"}': 0,
    'shop_event_bus_lost_events_total{reason="reserved"}': 1,
    'shop_event_bus_lost_events_total{reason="evicted"}': 0,
    'shop_event_bus_lost_events_total{reason="shutdown"}': 0,
    'shop_event_bus_subscriber_exceptions_total{subscriber_name="broken"}': 2,
  });
  await bus.stop();
});

Deno.test("it shows how long slices hold the event loop, also after a restart", async () => {
  await using metrics = new PrometheusMetrics({ serviceName: "s", serviceInstanceId: "i" });
  await using bus = new EventBus({ logger: new MemoryLogger() }).start();
  const observation = observeBus(bus, { meter: metrics.meter });
  const slices = async () => {
    const found = samples(await metrics.scrape());
    const name = "busbar_event_bus_slice_duration_seconds";
    return {
      count: found[`${name}_count`] ?? 0,
      seconds: found[`${name}_sum`] ?? 0,
      quick: found[`${name}_bucket{le="0.004"}`] ?? 0,
    };
  };
  bus.subscribe("slow", () => {
    for (const until = performance.now() + 5; performance.now() < until;);
  });
  bus.publish("slow");
  await bus.flush();
  const first = await slices();
  assertEquals({ count: first.count, quick: first.quick }, { count: 1, quick: 0 });
  assert(first.seconds >= 0.005 && first.seconds < 5, `${first.seconds}`);

  await bus.stop();
  bus.start();
  await slices();
  bus.publish("quick");
  await bus.flush();
  assertEquals((await slices()).count, first.count + 1);

  observation[Symbol.dispose]();
  bus.publish("quick");
  await bus.flush();
  assertEquals((await slices()).count, first.count + 1);
});

Deno.test("a disabled bus has no instruments", async () => {
  await using metrics = new PrometheusMetrics();
  using _observation = observeBus(new EventBus({ enabled: false }), { meter: metrics.meter });
  assertEquals(Object.keys(samples(await metrics.scrape())).length, 1);
});

Deno.test("a prefix may have 200 characters, and no more", async () => {
  await using metrics = new PrometheusMetrics();
  const observe = (prefix: string) => observeBus(new EventBus(), { meter: metrics.meter, prefix });
  using _observation = observe("x".repeat(200));
  assertThrows(() => observe("x".repeat(201)), TypeError, "up to 199 letters");
});

Deno.test("a prefix that OpenTelemetry takes for no name is refused, rather than nothing shown", async () => {
  await using metrics = new PrometheusMetrics();
  const { message } = assertThrows(
    () => observeBus(new EventBus(), { meter: metrics.meter, prefix: "1 shop" }),
    TypeError,
  );
  assertEquals(
    message,
    "Cannot observe a bus: prefix must be a letter, then up to 199 letters, digits, _ . - or /, " +
      'received "1 shop"',
  );
});
