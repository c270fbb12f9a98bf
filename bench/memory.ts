// deno-lint-ignore-file no-console -- a bench prints its results
/**
 * What does a bus keep? Ten times overload for 20,000,000 events must leave the heap where it
 * started, and a queued event must cost little more than its record. What does a series take, next
 * to OpenTelemetry's and prom-client's?
 *
 * Run it with `deno task bench:memory`.
 *
 * @module
 */
import { type BusEvent, EventBus } from "@busbar/busbar";
import { collectGarbage } from "./measure.ts";
import { KINDS, SERIES } from "./series_memory.ts";

const OVERLOAD_EVENTS = 20_000_000;
const MAX_QUEUE_SIZE = 10_000;
const OVERLOAD = 10;
const HEAP_LIMIT_BYTES = 2 * 1024 * 1024;
const QUEUED_EVENTS = 1_000_000;
const QUEUED_LIMIT = 1.5;
const PAYLOAD = { keys: ["a", "b"] };

function heapBytes(): number {
  collectGarbage();
  collectGarbage();
  return Deno.memoryUsage().heapUsed;
}

async function overload(events: number): Promise<EventBus> {
  const bus = new EventBus({
    maxQueueSize: MAX_QUEUE_SIZE,
    logger: { warn() {} },
  }).start();
  bus.subscribe("bench", () => {});
  for (
    let published = 0;
    published < events;
    published += MAX_QUEUE_SIZE * OVERLOAD
  ) {
    for (let i = 0; i < MAX_QUEUE_SIZE * OVERLOAD; i++) {
      bus.publish("bench", PAYLOAD);
    }
    await bus.flush();
  }
  return bus;
}

await (await overload(OVERLOAD_EVENTS / 10)).stop();
const before = heapBytes();
const bus = await overload(OVERLOAD_EVENTS);
const grownBytes = heapBytes() - before;
const { published, delivered, rejected } = bus.stats();
await bus.stop();
report(
  `${published.toLocaleString("en")} events published, ${
    delivered.toLocaleString("en")
  } delivered, ` +
    `${rejected.queue_full.toLocaleString("en")} rejected: the heap grew by ` +
    `${(grownBytes / 1024).toFixed(0)} KiB (at most ${HEAP_LIMIT_BYTES / 1024})`,
  grownBytes <= HEAP_LIMIT_BYTES,
);

/** The records alone, in an array that was made for them. */
function keepRecords(): BusEvent[] {
  const records = new Array<BusEvent>(QUEUED_EVENTS);
  for (let i = 0; i < QUEUED_EVENTS; i++) {
    records[i] = {
      type: "bench",
      timestamp: Date.now() + 0.5,
      metadata: PAYLOAD,
      sessionId: "",
      operationId: "",
      traceparent: undefined,
      tracestate: undefined,
    };
  }
  return records;
}

let start = heapBytes();
const records = keepRecords();
const slotBytes = QUEUED_EVENTS * 8;
const recordBytes = (heapBytes() - start - slotBytes) / records.length;
records.length = 0;
start = heapBytes();
const full = new EventBus({ maxQueueSize: QUEUED_EVENTS });
for (let i = 0; i < QUEUED_EVENTS; i++) full.publish("bench", PAYLOAD);
const queuedBytes = (heapBytes() - start) / full.queueDepth;
report(
  `a queued event costs ${queuedBytes.toFixed(1)} bytes, its record ${recordBytes.toFixed(1)}: ` +
    `${(queuedBytes / recordBytes).toFixed(2)} (at most ${QUEUED_LIMIT})`,
  queuedBytes <= recordBytes * QUEUED_LIMIT,
);

full.flushSync({ timeoutMs: 60_000 });

/** On the heap and beside it. */
function keptBytes(): number {
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

for (const [name, [make, mostBytes]] of Object.entries(KINDS)) {
  // The first also makes what is made only once; it stays until the second is weighed.
  const kept = [await make()];
  const before = keptBytes();
  kept.push(await make());
  const bytes = (keptBytes() - before) / SERIES;
  report(
    `a series of a ${name}: ${bytes.toFixed(0)} bytes` +
      (mostBytes === undefined ? "" : ` (at most ${mostBytes})`),
    mostBytes === undefined || bytes <= mostBytes,
  );
  kept.length = 0;
}

function report(line: string, kept: boolean): void {
  console.log(kept ? line : `${line}  MISSED`);
  if (!kept) Deno.exitCode = 1;
}
