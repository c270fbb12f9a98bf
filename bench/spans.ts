// deno-lint-ignore-file no-console -- a bench prints its results
/**
 * What does a span cost that the bus makes of two events? The baseline calls `startSpan`,
 * `setAttributes` and `end` of the OpenTelemetry SDK itself, with the same attributes. The events
 * become spans by the `BusTracer` that `startObservability` uses, and by the SDK's own tracer; all
 * hand them to a processor that keeps nothing. The aim is at most 1.3 times the baseline.
 *
 * Then: what does a span cost amid 8,000 open roots of one session, against ten? At most twice.
 *
 * Run it with `deno task bench:spans [deno | node22 | node24 | bun]`; each ratio is measured in a process of its own.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import process from "node:process";
import { type Context, ROOT_CONTEXT, SpanKind, trace, type Tracer } from "@opentelemetry/api";
import { NoopSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { EventBus } from "../mod.ts";
import { declare } from "../src/catalog/mod.ts";
import { BusTracer } from "../src/otel/mod.ts";
import { type TracerLike, TracingSubscriber } from "../src/subscribers/mod.ts";
import { type Contender, measure } from "./measure.ts";

const BURST = 1_000;
/** An application has its sessions' ids before anything is traced. */
const SESSIONS = Array.from(
  { length: BURST },
  () => crypto.randomUUID() as string,
);

interface Events {
  "request.start": { path: string };
  "request.end": { status: number };
  "read.start": { key: string; size: number; operationId?: number };
  "read.end": { hit: boolean; operationId?: number };
}

const tracer = (): Tracer =>
  new TracerProvider({ spanProcessors: [new NoopSpanProcessor()] }).getTracer(
    "bench",
  );

function directRead(
  by: Tracer,
  key: string,
  parent: Context,
): void {
  const span = by.startSpan("read", {
    kind: SpanKind.INTERNAL,
    attributes: { key, size: 4_096 },
  }, parent);
  span.setAttributes({ hit: true });
  span.end();
}

const { span: declareSpan } = declare<Events>();

const eventTracer = (): BusTracer =>
  new BusTracer({ processor: new NoopSpanProcessor(), scopeName: "bench" });

/** A bus whose events become spans; none may be lost. */
function traced(
  name: string,
  by: TracerLike,
  publishAll: (bus: EventBus<Events>) => void,
): Contender {
  const bus = new EventBus<Events>({ maxQueueSize: 8 * BURST }).start();
  const subscriber = new TracingSubscriber<Events>({
    tracer: by,
    spans: {
      request: declareSpan("request.start", "request.end", { root: true }),
      read: declareSpan("read.start", "read.end"),
    },
  });
  bus.registerSubscriber(subscriber);
  return {
    name,
    burst: async () => {
      publishAll(bus);
      await bus.flush();
    },
    afterTenBursts: () => assertNothingLost(bus, subscriber),
  };
}

function assertNothingLost(
  { droppedEventsCount }: { readonly droppedEventsCount: number },
  subscriber: Pick<TracingSubscriber, "stats">,
): void {
  const { expired, orphanedEnds } = subscriber.stats();
  if (droppedEventsCount + expired + orphanedEnds > 0) {
    throw new Error("spans were lost");
  }
}

/** Reads by many sessions, one each. */
function flat(): readonly Contender[] {
  const direct = tracer();
  const publishAll = (bus: EventBus<Events>) => {
    for (const sessionId of SESSIONS) {
      const init = { sessionId };
      bus.publish("read.start", { key: "a", size: 4_096 }, init);
      bus.publish("read.end", { hit: true }, init);
    }
  };
  return [
    {
      name: "startSpan and end",
      burst: () => {
        for (const _ of SESSIONS) {
          directRead(direct, "a", ROOT_CONTEXT);
        }
      },
    },
    traced("two events", eventTracer(), publishAll),
    traced("two events, SDK's tracer", tracer(), publishAll),
  ];
}

/** Nine reads under a request, kept apart by their operation ids and open together. */
function nested(): readonly Contender[] {
  const direct = tracer();
  const requests = SESSIONS.slice(0, BURST / 10);
  const publishAll = (bus: EventBus<Events>) => {
    for (const sessionId of requests) {
      const init = { sessionId };
      bus.publish("request.start", { path: "/" }, init);
      for (let operationId = 0; operationId < 9; operationId++) {
        bus.publish("read.start", { key: "a", size: 4_096, operationId }, init);
      }
      for (let operationId = 0; operationId < 9; operationId++) {
        bus.publish("read.end", { hit: true, operationId }, init);
      }
      bus.publish("request.end", { status: 200 }, init);
    }
  };
  return [
    {
      name: "startSpan and end",
      burst: () => {
        for (const _ of requests) {
          const root = direct.startSpan("request", {
            attributes: { path: "/" },
          }, ROOT_CONTEXT);
          const parent = trace.setSpan(ROOT_CONTEXT, root);
          for (let read = 0; read < 9; read++) {
            directRead(direct, "a", parent);
          }
          root.setAttributes({ status: 200 });
          root.end();
        }
      },
    },
    traced("two events", eventTracer(), publishAll),
    traced("two events, SDK's tracer", tracer(), publishAll),
  ];
}

interface JobEvents {
  "job.start": { operationId: number };
  "job.end": { operationId: number };
  "job.failed": { operationId: number; error: string };
  "step.start": { operationId: number };
  "step.end": { operationId: number };
  "lone.start": { operationId: number };
  "lone.end": { operationId: number };
}

/**
 * Roots with a step each, some of which fail, while so many others are open in the same session: no
 * event names one. A step whose declared parent is not open is looked for among all of them.
 */
async function amidRoots(open: number): Promise<Contender> {
  const { span } = declare<JobEvents>();
  const bus = new EventBus<JobEvents>({ maxQueueSize: 32 * BURST }).start();
  const subscriber = new TracingSubscriber<JobEvents>({
    tracer: eventTracer(),
    spans: {
      job: span("job.start", "job.end", { root: true, failedBy: "job.failed" }),
      step: span("step.start", "step.end", { parent: "job" }),
      lone: span("lone.start", "lone.end", { parent: "none" }),
    },
  });
  bus.registerSubscriber(subscriber);
  for (let i = 0; i < open; i++) {
    bus.publish("job.start", { operationId: -1 - i });
    // Half of them are over, but for a step.
    if (i % 2 === 0) continue;
    bus.publish("step.start", { operationId: -1 - i });
    bus.publish("job.end", { operationId: -1 - i });
  }
  await bus.flush();
  let serial = 0;
  return {
    name: `amid ${open.toLocaleString("en")} open roots`,
    burst: async () => {
      for (let i = 0; i < BURST / 4; i++) {
        const metadata = { operationId: ++serial };
        bus.publish("job.start", metadata);
        bus.publish("step.start", metadata);
        bus.publish("lone.start", metadata);
        bus.publish("job.end", metadata);
        bus.publish("job.failed", { ...metadata, error: "gone" });
        bus.publish("lone.end", metadata);
        bus.publish("step.end", metadata);
        bus.publish("job.failed", { ...metadata, error: "too late" });
      }
      await bus.flush();
    },
    afterTenBursts: () => assertNothingLost(bus, subscriber),
  };
}

const SCENARIOS: Readonly<
  Record<string, () => readonly Contender[] | Promise<readonly Contender[]>>
> = {
  flat,
  nested,
  roots: () => Promise.all([10, 8_000].map(amidRoots)),
};

const [only] = process.argv.slice(2);
const scenario = only === undefined ? undefined : SCENARIOS[only];
if (scenario !== undefined) {
  const contenders = await scenario();
  console.log(JSON.stringify([...await measure(contenders, BURST)]));
} else {
  const self = new URL(import.meta.url).pathname;
  const config = new URL("./deno.json", import.meta.url).pathname;
  const start = "Deno" in globalThis ? ["run", "--config", config, "-A", self] : [self];
  for (const name of Object.keys(SCENARIOS)) {
    const printed = execFileSync(process.execPath, [...start, name], {
      encoding: "utf8",
    });
    const [[first, baseline], ...ours] = JSON.parse(printed) as [
      [string, number],
      ...[string, number][],
    ];
    console.log(`${name}: ${first} ${baseline.toFixed(0)} ns a span`);
    for (const [what, ns] of ours) {
      console.log(
        `  ${what} ${ns.toFixed(0)} ns, ratio ${(ns / baseline).toFixed(2)}`,
      );
    }
  }
  process.exit(0);
}
