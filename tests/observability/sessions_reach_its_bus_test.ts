import { assertEquals, assertRejects } from "@std/assert";
import { type BusEvent, EventBus } from "@busbar/busbar";
import { operation, withSession } from "@busbar/busbar/context";
import { startObservability, type StartOptions } from "@busbar/busbar/observability";
import { RecordingSubscriber } from "@busbar/busbar/testing";

/** What is recorded of a session's event and operation. */
async function recorded(bus: StartOptions["bus"]): Promise<readonly BusEvent[]> {
  const recorder = new RecordingSubscriber();
  const obs = await startObservability({
    bus,
    subscribers: [recorder],
    metricsEnabled: false,
    prometheus: { enabled: false },
    env: () => undefined,
  });
  await withSession({ sessionId: "s" }, async () => {
    await null;
    obs.bus.publish("a");
    operation(obs.bus, ["b", "c"], undefined, (op) => op.end());
  });
  await obs.shutdown();
  return recorder.events;
}

Deno.test("a bus that is made here knows the current session", async () => {
  for (const bus of [undefined, {}, { maxQueueSize: 5, context: undefined }]) {
    assertEquals((await recorded(bus)).map(({ sessionId }) => sessionId), ["s", "s", "s"]);
  }
});

Deno.test("it takes another context, and a clock", async () => {
  const events = await recorded({ context: () => ({ sessionId: "other" }), clock: () => 1_000 });
  assertEquals(
    events.map(({ sessionId, timestamp }) => [sessionId, timestamp]),
    [["other", 1_000], ["s", 1_000], ["s", 1_000]],
  );
});

Deno.test("a bus that is handed in stays as it is", async () => {
  await using bus = new EventBus();
  assertEquals((await recorded(bus)).map(({ sessionId }) => sessionId), ["", "s", "s"]);
});

Deno.test("what is no function is refused", async () => {
  await assertRejects(
    () => recorded({ clock: 5 as never }),
    TypeError,
    "Cannot create EventBus: clock must be a function, received 5",
  );
  await assertRejects(() => recorded({ contxt: () => ({}) } as never), TypeError, "contxt");
});
