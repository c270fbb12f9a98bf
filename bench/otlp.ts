// deno-lint-ignore-file no-console -- a bench prints its results
/**
 * What does it cost to write spans as an OTLP request? The baseline is the official serializer, of
 * `@opentelemetry/otlp-transformer`, given the same spans: those of a request of a service, two a
 * request, in batches of 512. It fails if a request written here is longer than the official one.
 *
 * Run it with `deno task bench:otlp [deno | node22 | node24 | bun]`.
 *
 * @module
 */
import process from "node:process";
import { ROOT_CONTEXT, SpanKind, trace } from "@opentelemetry/api";
import { JsonTraceSerializer, ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import { BusTracer } from "../src/otel/mod.ts";
import type { ReadableSpan, SpanProcessor } from "../src/otel/sdk_types.ts";
import { spansToJson } from "../src/otel/otlp/spans/spans_to_json.ts";
import { spansToProtobuf } from "../src/otel/otlp/spans/spans_to_protobuf.ts";
import type { TracerLike } from "../src/subscribers/mod.ts";
import { measure } from "./measure.ts";

const BATCH = 512;

/** A batch of spans, as a tracer makes them. */
function batch(
  tracerOf: (processor: SpanProcessor) => TracerLike,
): ReadableSpan[] {
  const spans: ReadableSpan[] = [];
  const done = () => Promise.resolve();
  const tracer = tracerOf({
    onStart: () => {},
    onEnd: (span) => void spans.push(span),
    forceFlush: done,
    shutdown: done,
  });
  while (spans.length < BATCH) {
    const root = tracer.startSpan("http.request", {
      kind: SpanKind.SERVER,
      attributes: { method: "GET", path: "/items/5" },
    });
    const query = tracer.startSpan("db.query", {
      kind: SpanKind.CLIENT,
      attributes: { statement: "select * from items where id = ?" },
    }, trace.setSpan(ROOT_CONTEXT, root));
    query.end();
    root.setAttributes({ route: "/items/:id", status: 200 });
    root.end();
  }
  return spans;
}

const FORMATS = {
  protobuf: [ProtobufTraceSerializer, spansToProtobuf],
  JSON: [JsonTraceSerializer, spansToJson],
} as const;

const MAKERS: Readonly<
  Record<string, (processor: SpanProcessor) => TracerLike>
> = {
  "spans of a BusTracer": (processor) => new BusTracer({ processor, scopeName: "bench" }),
  "spans of the SDK": (processor) =>
    new TracerProvider({ spanProcessors: [processor] }).getTracer("bench"),
};

for (const [made, tracerOf] of Object.entries(MAKERS)) {
  const spans = batch(tracerOf);
  for (const [format, [official, write]] of Object.entries(FORMATS)) {
    const officialBytes = official.serializeRequest(spans)?.length ?? 0;
    const bytes = write(spans).length;
    if (bytes > officialBytes) {
      throw new Error(`${format}: ${bytes} bytes, ${officialBytes}`);
    }
    let written = 0;
    const timings = await measure([
      {
        name: "official",
        burst: () => void (written += official.serializeRequest(spans)?.length ?? 0),
      },
      { name: "ours", burst: () => void (written += write(spans).length) },
    ], BATCH);
    if (written === 0) throw new Error("nothing was written");
    const [theirs, ours] = [
      timings.get("official") as number,
      timings.get("ours") as number,
    ];
    console.log(
      `${made}, ${format}: official ${theirs.toFixed(0)} ns a span, ours ${ours.toFixed(0)}, ` +
        `ratio ${(ours / theirs).toFixed(2)}; ${(officialBytes / BATCH).toFixed(0)} and ` +
        `${(bytes / BATCH).toFixed(0)} bytes`,
    );
  }
}
process.exit(0);
