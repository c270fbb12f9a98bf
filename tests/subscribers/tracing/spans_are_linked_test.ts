import { assertEquals, assertThrows } from "@std/assert";
import { TraceFlags } from "@opentelemetry/api";
import { AlwaysOnSampler, ParentBasedSampler, type ReadableSpan } from "@opentelemetry/sdk-trace";
import { declare } from "@busbar/busbar/catalog";
import { type TestEvents, tracedBus } from "../../support/tracing_bus.ts";

const { span } = declare<TestEvents>();

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const traceparent = (n: number) => `00-${TRACE_ID}-${`${n}`.padStart(16, "0")}-01`;

const take = span("take.start", "take.end", {
  links: ({ metadata }) => metadata?.["links"] as string[] | undefined,
});

const ids = (made: ReadableSpan | undefined) =>
  made?.links.map(({ context }) => Number(context.spanId));

Deno.test("A span is linked to what its start and its end name, once each", async () => {
  const traced = tracedBus({ take });
  traced.publish("take.start", 0, { links: [traceparent(1), traceparent(2), traceparent(1)] });
  traced.publish("take.end", 1, { links: [traceparent(2), traceparent(3)] });
  traced.publish("take.start", 2);
  traced.publish("take.end", 3);
  const [linked, alone] = await traced.stop();
  assertEquals(ids(linked), [1, 2, 3]);
  assertEquals(linked?.links[0]?.context, {
    traceId: TRACE_ID,
    spanId: "0000000000000001",
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  });
  assertEquals(alone?.links, []);
});

Deno.test("A link may have a tracestate and attributes", async () => {
  const traced = tracedBus({ take });
  const links = [
    { traceparent: traceparent(1), tracestate: "a=1", attributes: { "queue": "q", n: 2 } },
    { traceparent: traceparent(2), tracestate: "mal formed", attributes: undefined },
  ];
  traced.publish("take.start", 0, { links });
  traced.publish("take.end", 1);
  const [made] = await traced.stop();
  const [first, second] = made?.links ?? [];
  assertEquals(first?.context.traceState?.serialize(), "a=1");
  assertEquals(first?.attributes, { queue: "q", n: 2 });
  assertEquals(second?.context.traceState?.serialize() || "", "");
});

Deno.test("What is malformed is left out and counted, whatever it is", async () => {
  const traced = tracedBus({ take });
  const lies = {
    get traceparent(): string {
      throw new Error("no");
    },
  };
  const bad = ["00-no", "", 7, null, {}, [], lies, `ff-${TRACE_ID}-0000000000000001-01`];
  traced.publish("take.start", 0, { links: [...bad, traceparent(1)] });
  traced.publish("take.end", 1, { links: traceparent(2) });
  const [made] = await traced.stop();
  assertEquals(ids(made), [1]);
  assertEquals(traced.tracing.stats().invalidTraceparents, bad.length + 1);
  assertEquals(traced.bus.subscriberExceptionCounts(), { TracingSubscriber: 1 });
});

Deno.test("Of many links the last ones are kept, as many as the tracer has room for", async () => {
  const traced = tracedBus({ take });
  const links = Array.from({ length: 300 }, (_, n) => traceparent(n + 1));
  traced.publish("take.start", 0, { links });
  traced.publish("take.end", 1);
  const [made] = await traced.stop();
  assertEquals([made?.links.length, made?.droppedLinksCount], [128, 172]);
});

Deno.test("A function that throws costs the links alone", async () => {
  const traced = tracedBus({
    take: span("take.start", "take.end", {
      links: () => {
        throw new Error("no");
      },
    }),
  });
  traced.publish("take.start", 0, { n: 1 });
  traced.publish("take.end", 1, { m: 2 });
  const [made] = await traced.stop();
  assertEquals(made?.attributes, { n: 1, m: 2 });
  assertEquals(traced.bus.subscriberExceptionCounts(), { TracingSubscriber: 2 });
});

Deno.test("what is sampled by its links is not where none of them is; who belongs to it has the first one's trace", async () => {
  const spans = {
    batch: span("batch.start", "batch.end", {
      sampledByLinks: true,
      links: ({ metadata }) => metadata?.["links"] as string[] | undefined,
    }),
    item: span("item.start", "item.end", { parent: "batch" }),
  };
  const traced = tracedBus(spans, {
    sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
  });
  const unsampled = `00-${"a".repeat(32)}-${"b".repeat(16)}-00`;
  for (const [sessionId, flags] of [["1", ["00", "00"]], ["2", ["00", "01"]], ["3", []]] as const) {
    const links = flags.map((flag, i) => `00-${"a".repeat(32)}-${"bc"[i]?.repeat(16)}-${flag}`);
    traced.publish("batch.start", 0, { links }, { sessionId });
    traced.publish("item.start", 1, {}, { sessionId });
    traced.publish("item.end", 2, {}, { sessionId });
    traced.publish("batch.end", 3, { links: [unsampled] }, { sessionId });
  }
  const ended = await traced.stop();
  assertEquals(ended.map(({ name, links }) => [name, links.length]), [
    ["item", 0],
    ["batch", 2],
    ["item", 0],
    ["batch", 1],
  ]);
  assertEquals(traced.tracing.stats().ended, 6);
  assertThrows(
    () => span("a", "b", { sampledByLinks: 1 as never }),
    TypeError,
    "sampledByLinks must be true or false",
  );
});
