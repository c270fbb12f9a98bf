import { assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { nextTurn } from "../../support/quiet_bus.ts";
import { type TestEvents, tracedBus } from "../../support/tracing_bus.ts";

const { span } = declare<TestEvents>();
const BAD = { traceparent: "none" };

Deno.test("Each kind of what is amiss has a line of its own, though they come together", async () => {
  const traced = tracedBus({ read: span("read.start", "read.end", { events: "hit" }) });
  // An event of no span, and a malformed traceparent.
  traced.publish("hit", 0);
  traced.publish("read.start", 1, {}, BAD);
  // At the end of the slice: nobody has to ask for it.
  await nextTurn();
  assertEquals(traced.lines, [
    "busbar: TracingSubscriber ignored malformed traceparents: 1 so far",
    "busbar: TracingSubscriber ignored events whose span was not open, not yet or no more: 1 so " +
    'far, the last one "hit"',
  ]);
  // A stop ends what is open, and says so.
  await traced.stop();
  assertEquals(traced.lines.slice(2), [
    "busbar: TracingSubscriber expired spans whose end did not arrive: 1 so far, the last one a " +
    '"read"',
  ]);
});

Deno.test("What a flush has expire is told by the flush", async () => {
  const traced = tracedBus({ read: span("read.start", "read.end") }, { maxPairAgeMs: 100 });
  traced.publish("read.start", 0);
  await traced.bus.flush();
  traced.clock.advance(101);
  traced.tracing.flush();
  assertEquals(traced.lines, [
    "busbar: TracingSubscriber expired spans whose end did not arrive: 1 so far, the last one a " +
    '"read"',
  ]);
  await traced.stop();
});

Deno.test("A declaration that names no links links nothing, and nothing is amiss", async () => {
  for (const none of [undefined, null]) {
    const traced = tracedBus({
      take: span("take.start", "take.end", { links: () => none as undefined }),
    });
    traced.publish("take.start", 0);
    traced.publish("take.end", 1);
    const [made] = await traced.stop();
    assertEquals([made?.links, traced.lines], [[], []]);
  }
});
