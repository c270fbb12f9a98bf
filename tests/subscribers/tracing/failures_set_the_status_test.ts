import { assertEquals } from "@std/assert";
import { SpanStatusCode } from "@opentelemetry/api";
import { declare } from "@busbar/busbar/catalog";
import { named, type TestEvents, tracedBus } from "../../support/tracing_bus.ts";

const { span } = declare<TestEvents>();

const spans = {
  request: span("request.start", "request.end", {
    root: true,
    failedBy: "request.failed",
    error: ({ metadata }) => metadata?.status === 500 ? "status 500" : undefined,
  }),
  read: span("read.start", "read.end", { failedBy: ["read.failed", "disk.failed"] }),
};
const ERROR = SpanStatusCode.ERROR;

Deno.test("An end that says why it failed sets the status", async () => {
  const traced = tracedBus(spans);
  traced.publish("request.start", 0);
  traced.publish("request.end", 1, { status: 500 });
  traced.publish("request.start", 2);
  traced.publish("request.end", 3, { status: 200 });
  assertEquals((await traced.stop()).map(({ status }) => status), [
    { code: ERROR, message: "status 500" },
    { code: SpanStatusCode.UNSET },
  ]);
});

Deno.test("A failing event marks the open span of its operation, and stays in it", async () => {
  const traced = tracedBus(spans);
  traced.publish("read.start", 0, { operationId: 1 });
  traced.publish("read.start", 1, { operationId: 2 });
  traced.publish("read.failed", 2, { operationId: 1, message: "no such key", tries: 3 });
  traced.publish("read.end", 3, { operationId: 1 });
  traced.publish("read.end", 4, { operationId: 2 });
  const [failed, good] = await traced.stop();
  assertEquals(failed?.status, { code: ERROR, message: "no such key" });
  assertEquals(failed?.events.map(({ name, attributes }) => [name, attributes?.tries]), [
    ["read.failed", 3],
  ]);
  assertEquals(good?.status.code, SpanStatusCode.UNSET);
});

Deno.test("A failing event without metadata gives its type, and so does one whose message is no text", async () => {
  for (const metadata of [undefined, null, "text", { message: 7 }, { error: 7 }]) {
    const traced = tracedBus(spans);
    traced.publish("read.start", 0);
    traced.bus.publish("disk.failed", metadata as undefined, { sessionId: "s" });
    traced.publish("read.end", 2);
    const [span] = await traced.stop();
    assertEquals(span?.status, { code: ERROR, message: "disk.failed" });
    assertEquals(traced.bus.subscriberExceptionCounts(), Object.create(null));
  }
});

Deno.test("An error that is a text is the reason of a failing event, and of an end it is none", async () => {
  const traced = tracedBus(spans);
  traced.publish("read.start", 0);
  traced.publish("disk.failed", 1, { error: "out of space" });
  traced.publish("read.end", 2, {});
  traced.publish("read.start", 3);
  traced.publish("read.end", 4, { error: "out of space" });
  const [failed, ended] = await traced.stop();
  assertEquals(failed?.status, { code: ERROR, message: "out of space" });
  assertEquals(ended?.status.code, SpanStatusCode.UNSET);
  assertEquals(ended?.events, []);
});

Deno.test("An Error in the metadata becomes an exception", async () => {
  const traced = tracedBus(spans);
  traced.publish("read.start", 0);
  traced.publish("disk.failed", 1, { error: new RangeError("out of space") });
  traced.publish("read.end", 2);
  const [span] = await traced.stop();
  assertEquals(span?.status, { code: ERROR, message: "out of space" });
  assertEquals(span?.events.map(({ name, attributes }) => [name, attributes?.["exception.type"]]), [
    ["exception", "RangeError"],
  ]);
});

Deno.test("A failure that names no operation marks the session's newest span of that kind", async () => {
  const traced = tracedBus(spans);
  traced.publish("read.start", 0, { operationId: 1 });
  traced.publish("read.start", 1, { operationId: 2 });
  traced.publish("disk.failed", 2);
  traced.publish("disk.failed", 2, {}, { sessionId: "nobody's" });
  traced.publish("read.end", 3, { operationId: 1 });
  traced.publish("read.end", 4, { operationId: 2 });
  assertEquals((await traced.stop()).map(({ status }) => status.message), [
    undefined,
    "disk.failed",
  ]);
});

Deno.test("A root that waits for its work can still fail", async () => {
  const traced = tracedBus(spans);
  traced.publish("request.start", 0);
  traced.publish("read.start", 1);
  traced.publish("request.end", 2, { status: 200 });
  traced.publish("request.failed", 3, { error: "gone" });
  traced.publish("read.end", 4);
  assertEquals(named(await traced.stop(), "request").status, { code: ERROR, message: "gone" });
});

Deno.test("Of many roots that wait for their work, the newest of the operation fails", async () => {
  const traced = tracedBus(spans);
  const request = (n: number, operationId: number) => {
    traced.publish("request.start", 0, { operationId, n });
    traced.publish("read.start", 1, { operationId: n });
    traced.publish("request.end", 2, { operationId });
  };
  for (const [n, operationId] of [[1, 7], [2, 7], [3, 8]] as const) request(n, operationId);
  traced.publish("request.failed", 3, { operationId: 7, error: "gone" });
  traced.publish("read.end", 4, { operationId: 2 });
  traced.publish("request.failed", 5, { operationId: 7, error: "gone too" });
  for (const operationId of [1, 3]) traced.publish("read.end", 6, { operationId });
  traced.publish("request.failed", 7, { operationId: 7, error: "too late" });
  const roots = (await traced.stop()).filter(({ name }) => name === "request");
  assertEquals(roots.map(({ attributes: { n }, status: { message } }) => [n, message]), [
    [2, "gone"],
    [1, "gone too"],
    [3, undefined],
  ]);
  assertEquals(traced.tracing.stats().open, 0);
});

Deno.test("Reasons of untyped metadata: none is no failure, an Error gives its message", async () => {
  const untyped = {
    read: span("read.start", "read.end", {
      error: ({ metadata }) => metadata?.["reason"] as string | undefined,
    }),
  };
  const traced = tracedBus(untyped);
  for (const [at, reason] of [null, new Error("no disk"), 404].entries()) {
    traced.publish("read.start", at);
    traced.publish("read.end", at, { reason });
  }
  assertEquals((await traced.stop()).map(({ status }) => status), [
    { code: SpanStatusCode.UNSET },
    { code: ERROR, message: "no disk" },
    { code: ERROR, message: "404" },
  ]);
});
