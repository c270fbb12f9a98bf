import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { RecordingSubscriber } from "@busbar/busbar/testing";
import { nextTurn, quietBus } from "../support/quiet_bus.ts";

Deno.test("without types it keeps every event once, in order, as the bus's own record", async () => {
  await using bus = new EventBus().start();
  const recorder = new RecordingSubscriber();
  const records: unknown[] = [];
  bus.registerSubscriber(recorder);
  bus.subscribeAll((event) => records.push(event));
  for (const type of ["b", "a", "b"]) bus.publish(type, { of: type });
  await bus.flush();
  assertEquals(recorder.types, ["b", "a", "b"]);
  assertEquals(recorder.events.map(({ metadata }) => metadata.of), ["b", "a", "b"]);
  assertEquals(records.length, 3);
  for (const [i, record] of records.entries()) assertStrictEquals(recorder.events[i], record);
});

Deno.test("with types it keeps those alone, and the bus knows of no other", async () => {
  await using bus = new EventBus<{ a: number; b: number; c: number }>().start();
  const recorder = new RecordingSubscriber<{ a: number; b: number; c: number }>(["c", "a"]);
  bus.registerSubscriber(recorder);
  assertEquals(recorder.onEvent, undefined);
  assertEquals((["a", "b", "c"] as const).map((type) => bus.hasSubscribers(type)), [
    true,
    false,
    true,
  ]);
  bus.publish("a", 1);
  bus.publish("b", 2);
  bus.publish("c", 3);
  await bus.flush();
  assertEquals(recorder.events.map(({ type, metadata }) => [type, metadata]), [["a", 1], ["c", 3]]);
  assertEquals(recorder.types, ["a", "c"]);
});

Deno.test("with an empty list of types it keeps nothing, and counts its calls all the same", async () => {
  const bus = new EventBus().start();
  const recorder = new RecordingSubscriber([]);
  bus.registerSubscriber(recorder);
  assertEquals(bus.hasSubscribers("a"), false);
  bus.publish("a");
  await bus.stop();
  assertEquals([recorder.events, recorder.types], [[], []]);
  assertEquals(recorder.calls, { onDrain: 1, flush: 1, shutdown: 1 });
});

Deno.test("it counts each of its calls: a drain's end, a flush, the one shutdown", async () => {
  const { bus } = quietBus();
  bus.start();
  const recorder = new RecordingSubscriber(["a"]);
  assertEquals(recorder.calls, { onDrain: 0, flush: 0, shutdown: 0 });
  bus.registerSubscriber(recorder);
  for (let slice = 1; slice <= 3; slice++) {
    bus.publish("a");
    bus.publish("a");
    await nextTurn();
    assertEquals(recorder.calls, { onDrain: slice, flush: 0, shutdown: 0 });
  }
  await bus.flush();
  await bus.flush();
  assertEquals(recorder.calls, { onDrain: 3, flush: 2, shutdown: 0 });
  await bus.stop();
  assertEquals(recorder.calls, { onDrain: 3, flush: 3, shutdown: 1 });
  assertEquals(recorder.events.length, 6);
});

Deno.test("two of them share nothing", async () => {
  await using bus = new EventBus().start();
  const [all, some] = [new RecordingSubscriber(), new RecordingSubscriber(["b"])];
  bus.registerSubscriber(all);
  bus.registerSubscriber(some)[Symbol.dispose]();
  bus.publish("b");
  await bus.flush();
  assertEquals([all.types, some.types], [["b"], []]);
  assert(all.calls.flush === 1 && some.calls.flush === 0);
});
