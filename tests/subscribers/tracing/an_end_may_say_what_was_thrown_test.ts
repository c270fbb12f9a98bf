import { assertEquals } from "@std/assert";
import { SpanStatusCode } from "@opentelemetry/api";
import { declare } from "@busbar/busbar/catalog";
import { type Metadata, type TestEvents, tracedBus } from "../../support/tracing_bus.ts";

const { span } = declare<TestEvents>();
type Options = NonNullable<Parameters<typeof span>[2]>;

/** The status and the exceptions of a span whose end has some metadata. */
async function endedWith(options: Options, end: Metadata) {
  const traced = tracedBus({ read: span("read.start", "read.end", options) });
  traced.publish("read.start", 0);
  traced.publish("read.end", 1, end);
  const [made] = await traced.stop();
  return {
    status: made?.status.code === SpanStatusCode.ERROR ? made.status.message : undefined,
    exceptions: made?.events.map(({ attributes }) => attributes?.["exception.message"]),
    failures: traced.bus.subscriberExceptionCounts(),
  };
}

const cause = new Error("no disk");
const exception: Options["exception"] = (end) => end.metadata?.["cause"];

Deno.test("What an operation threw is an exception of its span, and fails it", async () => {
  assertEquals(await endedWith({ exception }, { cause }), {
    status: "no disk",
    exceptions: ["no disk"],
    failures: {},
  });
});

Deno.test("It may have thrown anything; nothing is none", async () => {
  const thrown = async (cause: unknown) => (await endedWith({ exception }, { cause })).exceptions;
  assertEquals(await thrown("text"), ["text"]);
  assertEquals(await thrown(0), ["0"]);
  assertEquals(await thrown(undefined), []);
  assertEquals(await thrown(null), []);
});

Deno.test("Why it failed may be said apart from what it threw", async () => {
  const error: Options["error"] = () => "status 500";
  assertEquals(await endedWith({ exception, error }, { cause }), {
    status: "status 500",
    exceptions: ["no disk"],
    failures: {},
  });
  // Who says why, and not what, may have reasons to keep the error to himself.
  assertEquals((await endedWith({ error }, { error: cause })).exceptions, []);
});

Deno.test("Who says what was thrown is asked for nothing else", async () => {
  assertEquals((await endedWith({ exception }, { error: cause })).exceptions, []);
  assertEquals(
    (await endedWith({ exception: () => undefined }, { error: cause })).status,
    undefined,
  );
});

Deno.test("A function that throws, and an error that lies, are counted", async () => {
  const lying = Object.defineProperty(new Error("x"), "message", {
    get() {
      throw new Error("no");
    },
  });
  const throwing = () => {
    throw new Error("no");
  };
  assertEquals(await endedWith({ exception: throwing }, {}), {
    status: undefined,
    exceptions: [],
    failures: { TracingSubscriber: 1 },
  });
  assertEquals((await endedWith({ exception }, { cause: lying })).failures, {
    TracingSubscriber: 1,
  });
});
