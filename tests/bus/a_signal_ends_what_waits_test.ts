import { assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { RecordingSubscriber } from "@busbar/busbar/testing";
import { quietBus } from "../support/quiet_bus.ts";

/** Long enough to fail the run rather than to pass by time. */
const NEVER_MS = 600_000;

Deno.test("a signal ends a flush, and leaves the bus running", async () => {
  const { bus } = quietBus();
  bus.start();
  const hanging = Promise.withResolvers<void>();
  bus.subscribe("a", () => hanging.promise);
  bus.publish("a");
  const controller = new AbortController();
  const flushed = bus.flush({ timeoutMs: NEVER_MS, signal: controller.signal });
  controller.abort();
  assertEquals(await flushed, false);
  assertEquals(bus.publish("a"), true);
  hanging.resolve();
  assertEquals(await bus.flush(), true);
  await bus.stop();
});

Deno.test("a signal that has aborted leaves a flush no time, and none keeps it from its end", async () => {
  const { bus } = quietBus();
  bus.start();
  bus.subscribe("a", () => new Promise(() => {}));
  bus.publish("a");
  assertEquals(await bus.flush({ timeoutMs: NEVER_MS, signal: AbortSignal.abort() }), false);
  await bus.stop({ timeoutMs: 0 });
  await using idle = new EventBus().start();
  assertEquals(await idle.flush({ signal: new AbortController().signal }), true);
});

Deno.test("a signal ends a stop as its timeout does", async () => {
  const { bus } = quietBus();
  bus.start();
  bus.subscribe("a", () => new Promise(() => {}));
  bus.publish("a");
  const controller = new AbortController();
  const stopped = bus.stop({ timeoutMs: NEVER_MS, signal: controller.signal });
  controller.abort();
  assertEquals((await stopped).timedOut, true);
});

Deno.test("a signal ends subscriptions to all events and registrations", async () => {
  await using bus = new EventBus().start();
  const controller = new AbortController();
  const { signal } = controller;
  const types: string[] = [];
  const recorder = new RecordingSubscriber();
  bus.subscribeAll(({ type }) => void types.push(type), { signal });
  bus.registerSubscriber(recorder, { signal });
  bus.publish("a");
  await bus.flush();
  controller.abort();
  bus.publish("b");
  await bus.flush();
  bus.registerSubscriber(recorder, { signal });
  bus.subscribeAll(({ type }) => void types.push(type), { signal });
  bus.publish("c");
  await bus.flush();
  assertEquals([types, recorder.types], [["a"], ["a"]]);
});
