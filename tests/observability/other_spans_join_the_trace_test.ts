import { assert, assertEquals } from "@std/assert";
import { context, propagation, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { declare } from "@busbar/busbar/catalog";
import { currentTrace, operation, withSession } from "@busbar/busbar/context";
import { startObservability } from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";
import { OtlpReceiver } from "../support/otlp_receiver.ts";

interface ShopEvents {
  "checkout.start": undefined;
  "checkout.end": undefined;
  "charge.start": undefined;
  "charge.end": undefined;
  "note": undefined;
}
const { catalog, span } = declare<ShopEvents>();
const shop = catalog({
  spans: {
    checkout: span("checkout.start", "checkout.end"),
    charge: span("charge.start", "charge.end"),
  },
  logs: { note: { level: "info" } },
});
const CHECKOUT = ["checkout.start", "checkout.end"] as const;
const CHARGE = ["charge.start", "charge.end"] as const;
const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const TRACEPARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;

interface Pushed {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
}

/** Starts a shop whose providers are the global ones, until it is disposed of. */
async function globalShop() {
  const receiver = await OtlpReceiver.start();
  const traceIds: (string | undefined)[] = [];
  const obs = await startObservability({
    catalog: shop,
    registerGlobally: true,
    tracingEnabled: true,
    otlp: { endpoint: receiver.endpoint },
    logSink: (record) => void traceIds.push(record.traceId),
    env: () => undefined,
    logger: new MemoryLogger(),
  });
  return {
    obs,
    bus: obs.bus,
    /** The traces of the log records. */
    traceIds,
    tracer: trace.getTracer("other"),
    /** Shuts down. @returns the spans, by name */
    async spans(): Promise<Record<string, Pushed>> {
      await obs.shutdown();
      const spans: Pushed[] = receiver.received.filter(({ path }) => path === "/v1/traces")
        .flatMap(({ body }) => body.resourceSpans)
        .flatMap(({ scopeSpans }) => scopeSpans).flatMap(({ spans }) => spans);
      return Object.fromEntries(spans.map((span) => [span.name, span]));
    },
    async [Symbol.asyncDispose]() {
      await obs.shutdown();
      await receiver[Symbol.asyncDispose]();
    },
  };
}

/** The names of the parents, and how many traces there are. */
function tree(spans: Record<string, Pushed>) {
  const names = new Map(Object.values(spans).map(({ name, spanId }) => [spanId, name]));
  return {
    parents: Object.fromEntries(
      Object.values(spans).map(({ name, parentSpanId = "" }) => [
        name,
        names.get(parentSpanId) ?? parentSpanId,
      ]),
    ),
    traces: new Set(Object.values(spans).map(({ traceId }) => traceId)).size,
  };
}

Deno.test("spans of OpenTelemetry's API and those of operations are each other's parents", async () => {
  await using shop = await globalShop();
  const { bus, tracer } = shop;
  await tracer.startActiveSpan("around", async (around) => {
    await operation(bus, CHECKOUT, undefined, async (op) => {
      await Promise.resolve();
      await tracer.startActiveSpan("within", async (within) => {
        await Promise.resolve();
        await operation(bus, CHARGE, undefined, async (charge) => {
          await Promise.resolve();
          tracer.startSpan("innermost").end();
          return charge.end();
        });
        within.end();
      });
      tracer.startSpan("after").end();
      return op.end();
    });
    tracer.startSpan("beside").end();
    around.end();
  });
  assertEquals(tree(await shop.spans()), {
    parents: {
      around: "",
      checkout: "around",
      within: "checkout",
      charge: "within",
      innermost: "charge",
      after: "checkout",
      beside: "around",
    },
    traces: 1,
  });
});

Deno.test("many at the same time do not mix", async () => {
  await using shop = await globalShop();
  const { bus, tracer } = shop;
  await Promise.all(
    Array.from({ length: 10 }, (_, n) =>
      tracer.startActiveSpan(`around ${n}`, async (around) => {
        for (let turn = 0; turn < n % 3; turn++) await Promise.resolve();
        await operation(bus, CHECKOUT, undefined, async (op) => {
          for (let turn = 0; turn < n % 4; turn++) await Promise.resolve();
          tracer.startSpan(`within ${n}`).end();
          return op.end();
        });
        around.end();
      })),
  );
  const spans = await shop.spans();
  for (let n = 0; n < 10; n++) {
    assertEquals(spans[`within ${n}`]?.traceId, spans[`around ${n}`]?.traceId);
  }
});

Deno.test("a session that continues a caller's trace has spans of the API continue it", async () => {
  await using shop = await globalShop();
  withSession({ traceparent: TRACEPARENT, tracestate: "vendor=1,b=2" }, () => {
    const { traceState, ...told } = trace.getActiveSpan()?.spanContext() ?? {};
    assertEquals(told, {
      traceId: TRACE_ID,
      spanId: "b7ad6b7169203331",
      traceFlags: 1,
      isRemote: true,
    });
    assertEquals(traceState?.get("b"), "2");
    assertEquals(traceState?.set("c", "3").unset("b").serialize(), "c=3,vendor=1");
    const headers: Record<string, string> = {};
    propagation.inject(context.active(), headers);
    assertEquals(headers, { traceparent: TRACEPARENT, tracestate: "vendor=1,b=2" });
    shop.tracer.startSpan("within").end();
  });
  const { within } = await shop.spans();
  assertEquals([within?.traceId, within?.parentSpanId], [TRACE_ID, "b7ad6b7169203331"]);
});

Deno.test("the trace of requests and log records is that of the span that is active", async () => {
  await using shop = await globalShop();
  const { bus, tracer } = shop;
  const span = tracer.startSpan("around");
  const { traceId, spanId } = span.spanContext();
  context.with(trace.setSpan(ROOT_CONTEXT, span), () => {
    assertEquals(currentTrace()?.traceparent, `00-${traceId}-${spanId}-01`);
    bus.publish("note");
    withSession({ sessionId: "s" }, () => {
      bus.publish("note");
      assertEquals(currentTrace()?.headers, { traceparent: `00-${traceId}-${spanId}-01` });
    });
    // What a session was told comes first, unless it is the same trace.
    withSession({ traceparent: TRACEPARENT }, () => {
      assertEquals(currentTrace()?.traceparent, TRACEPARENT);
      bus.publish("note");
    });
    const caller = `00-${traceId}-b7ad6b7169203331-01`;
    withSession({ traceparent: caller }, () => {
      assertEquals(currentTrace()?.traceparent, `00-${traceId}-${spanId}-01`);
    });
  });
  assertEquals(currentTrace(), undefined);
  await bus.flush();
  assertEquals(shop.traceIds, [traceId, traceId, TRACE_ID]);
});

Deno.test("an operation that is handed on stays the parent, whatever is active", async () => {
  await using shop = await globalShop();
  const { bus, tracer } = shop;
  operation(bus, CHECKOUT, undefined, (checkout) => {
    context.with(trace.setSpan(ROOT_CONTEXT, tracer.startSpan("elsewhere")), () => {
      operation(bus, CHARGE, undefined, (op) => op.end(), { context: checkout });
    });
    return checkout.end();
  });
  assertEquals(tree(await shop.spans()).parents, { checkout: "", charge: "checkout" });
});

Deno.test("what is said of an operation's span by the API is ignored, and it stays as declared", async () => {
  await using shop = await globalShop();
  operation(shop.bus, CHECKOUT, undefined, (op) => {
    const active = trace.getActiveSpan();
    assert(active !== undefined);
    assertEquals(active.isRecording(), false);
    active.setAttribute("a", 1).setAttributes({ b: 2 }).addEvent("e").setStatus({ code: 2 })
      .updateName("other").addLink({ context: active.spanContext() }).addLinks([]);
    active.recordException("no");
    active.end();
    return op.end();
  });
  assertEquals(Object.keys(await shop.spans()), ["checkout"]);
});

Deno.test("the shutdown unregisters what was registered, and nothing else", async () => {
  const manager = () => {
    const inner = Symbol("inner");
    const active = ROOT_CONTEXT.setValue(inner, 1);
    return context.with(active, () => context.active().getValue(inner) === 1);
  };
  {
    await using _shop = await globalShop();
    assertEquals([manager(), propagation.fields()], [
      true,
      ["traceparent", "tracestate", "baggage"],
    ]);
  }
  assertEquals([manager(), propagation.fields()], [false, []]);

  const others = { inject() {}, extract: () => ROOT_CONTEXT, fields: () => ["own"] };
  propagation.setGlobalPropagator(others);
  await using shop = await globalShop();
  assertEquals(propagation.fields(), ["own"]);
  // Meanwhile somebody puts another provider there.
  trace.disable();
  trace.setGlobalTracerProvider({ getTracer: () => shop.tracer });
  const theirs = trace.getTracerProvider();
  await shop.obs.shutdown();
  assertEquals(trace.getTracerProvider(), theirs);
  assertEquals(propagation.fields(), ["own"]);
  trace.disable();
  propagation.disable();
});
