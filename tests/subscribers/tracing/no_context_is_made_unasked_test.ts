import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { type Context, createContextKey, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { EventBus } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { type TracerLike, TracingSubscriber } from "@busbar/busbar/subscribers";

interface Events {
  "request.start": undefined;
  "request.end": undefined;
  "read.start": undefined;
  "read.end": undefined;
}

const { span } = declare<Events>();
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/** The contexts that a tracer is given: of a root under a remote span, and of two of its children. */
async function contextsOf(tracer: TracerLike): Promise<Context[]> {
  const contexts: Context[] = [];
  const bus = new EventBus<Events>().start();
  bus.registerSubscriber(
    new TracingSubscriber<Events>({
      tracer: {
        startSpan: (name, options, context) => {
          contexts.push(context as Context);
          return tracer.startSpan(name, options, context);
        },
      },
      spans: {
        request: span("request.start", "request.end", { root: true }),
        read: span("read.start", "read.end"),
      },
    }),
  );
  const init = { sessionId: "s" };
  bus.publish("request.start", undefined, { ...init, traceparent });
  for (const type of ["read.start", "read.end", "read.start", "read.end", "request.end"] as const) {
    bus.publish(type, undefined, init);
  }
  await bus.stop();
  return contexts;
}

/** How often the API makes a context while something is done. */
async function contextsMade(work: () => Promise<unknown>): Promise<number> {
  const { setValue } = ROOT_CONTEXT;
  let made = 0;
  ROOT_CONTEXT.setValue = (key, value) => {
    made++;
    return setValue.call(ROOT_CONTEXT, key, value);
  };
  try {
    await work();
  } finally {
    ROOT_CONTEXT.setValue = setValue;
  }
  return made;
}

const started: ReturnType<typeof trace.wrapSpanContext>[] = [];
const tracer: TracerLike = {
  startSpan: () => {
    const spanId = `${started.length + 1}`.padStart(16, "0");
    const span = trace.wrapSpanContext({ traceId: "1".repeat(32), spanId, traceFlags: 1 });
    started.push(span);
    return span;
  },
};

Deno.test("Spans are started with the API making no context", async () => {
  assertEquals(await contextsMade(() => contextsOf(tracer)), 0);
  const made = await contextsMade(() => {
    trace.setSpan(ROOT_CONTEXT, trace.wrapSpanContext({ traceId: "", spanId: "", traceFlags: 0 }));
    return Promise.resolve();
  });
  assertEquals(made, 1, "what the API makes is counted");
});

Deno.test("The context of a span's children is one of the API: it holds the span, and takes more", async () => {
  started.length = 0;
  const [remote, child, second] = await contextsOf(tracer);
  assert(remote !== undefined && child !== undefined && second !== undefined);
  assertEquals(trace.getSpanContext(remote)?.spanId, "b7ad6b7169203331");
  assertStrictEquals(trace.getSpan(child), started[0]);
  assertStrictEquals(trace.getSpan(second), started[0]);

  const key = createContextKey("of this test");
  assertEquals(child.getValue(key), undefined);
  const more = child.setValue(key, 7);
  assertEquals([more.getValue(key), trace.getSpan(more)], [7, started[0]]);
  assertEquals(child.getValue(key), undefined);
  assertEquals([more.deleteValue(key).getValue(key), more.getValue(key)], [undefined, 7]);
  assertStrictEquals(trace.getSpan(child.deleteValue(key)), started[0]);
  assertEquals(trace.getSpan(trace.deleteSpan(child)), undefined);
});
