import { assert, assertEquals } from "@std/assert";
import { EventBus, getEventBus, setEventBus } from "@busbar/busbar";
import { type KvCacheEvents, TimeoutError } from "@busbar/busbar/kv-cache";
import { RecordingSubscriber } from "@busbar/busbar/testing";

class LockTimeout extends TimeoutError {}

Deno.test("an error that is made is an event, whether or not it is thrown", async () => {
  await using bus = new EventBus<KvCacheEvents>().start();
  const recorded = new RecordingSubscriber<KvCacheEvents>(["timeout.raised"]);
  bus.registerSubscriber(recorded);
  const cause = new Error("held");
  const error = new LockTimeout("no lock", { sessionId: "r1", bus, cause });
  await bus.flush();
  assert(error instanceof Error);
  assertEquals([error.name, error.message, error.cause], ["LockTimeout", "no lock", cause]);
  const [event] = recorded.events;
  assertEquals(event?.sessionId, "r1");
  assertEquals(event?.metadata, {
    message: "no lock",
    exceptionType: "LockTimeout",
    stacktrace: error.stack ?? "",
  });
});

Deno.test("without a bus of its own it is told on the process's", async () => {
  await using bus = new EventBus<KvCacheEvents>().start();
  const before = getEventBus();
  setEventBus(bus as unknown as EventBus);
  try {
    const error = new TimeoutError("x".repeat(2_000));
    assertEquals([error.name, Object.hasOwn(error, "cause")], ["TimeoutError", false]);
    assertEquals(bus.stats().published, 1);
  } finally {
    setEventBus(before);
  }
});

Deno.test("a disabled bus, and one that throws, change nothing", () => {
  const disabled = new EventBus<KvCacheEvents>({ enabled: false });
  assertEquals(new TimeoutError("late", { bus: disabled }).message, "late");
  const broken = {
    publish() {
      throw new Error("no");
    },
  } as unknown as EventBus<KvCacheEvents>;
  assertEquals(new TimeoutError("late", { bus: broken }).message, "late");
});
