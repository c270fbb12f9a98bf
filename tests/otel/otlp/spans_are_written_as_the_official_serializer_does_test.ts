import { assert, assertEquals } from "@std/assert";
import { createTraceState, type HrTime } from "@opentelemetry/api";
import { JsonTraceSerializer, ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { ReadableSpan } from "@busbar/busbar/otel";
import fc from "../../support/properties.ts";
import { fieldsOf, TRACE_REQUEST } from "../../support/protobuf_fields.ts";
import { spansToJson } from "../../../src/otel/otlp/spans/spans_to_json.ts";
import { spansToProtobuf } from "../../../src/otel/otlp/spans/spans_to_protobuf.ts";

/** Texts of one, two and more bytes a character, with what has to be escaped, and halves of pairs. */
const text = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 12 }) },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 12 }) },
  { weight: 1, arbitrary: fc.string({ minLength: 60, maxLength: 300 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("", "\ud800", "a\udfffb", '"\\\u0000\n\u007f', "ä".repeat(64)),
  },
);

/** Every number that both formats can carry, those at the limits among them. */
const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 127, 128, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53, -1, -(2 ** 62), 2 ** 62),
).filter((value) => !Number.isInteger(value) || Math.abs(value) < 2 ** 63);

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { weight: 6, arbitrary: text },
    { weight: 6, arbitrary: number },
    { weight: 3, arbitrary: fc.boolean() },
    { weight: 1, arbitrary: fc.constantFrom(undefined, null) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 10 }) },
    { weight: 1, arbitrary: fc.array(tie("value"), { maxLength: 4 }) },
    { weight: 1, arbitrary: fc.dictionary(text, tie("value"), { maxKeys: 3 }) },
  ),
}));
const attributes = fc.dictionary(text, value, { maxKeys: 6 });

const hex = (length: number) =>
  fc.array(fc.constantFrom(..."0123456789abcdef"), { minLength: length, maxLength: length })
    .map((digits) => digits.join(""));
const time = fc.tuple(
  fc.integer({ min: 0, max: 18_446_744_072 }),
  fc.integer({ min: 0, max: 999_999_999 }),
) as fc.Arbitrary<HrTime>;
const context = fc.record({
  traceId: hex(32),
  spanId: hex(16),
  traceFlags: fc.constantFrom(0, 1),
  isRemote: fc.option(fc.boolean(), { nil: undefined }),
  traceState: fc.constantFrom(undefined, createTraceState("a=1,b=2"), createTraceState("")),
}).map(({ traceState, isRemote, ...others }) => ({
  ...others,
  ...(traceState === undefined ? {} : { traceState }),
  ...(isRemote === undefined ? {} : { isRemote }),
}));
const count = fc.constantFrom(0, 0, 1, 200, 70_000);

const RESOURCES = [
  resourceFromAttributes({ "service.name": "shop", n: 1 }),
  resourceFromAttributes({}, { schemaUrl: "https://schema/1" }),
];
const SCOPES = [
  { name: "one" },
  { name: "two", version: "1", schemaUrl: "https://schema/2" },
  { name: "", attributes: { a: [1, "x"] }, droppedAttributesCount: 3 },
];

const span: fc.Arbitrary<ReadableSpan> = fc.record({
  name: text,
  kind: fc.constantFrom(0, 1, 2, 3, 4),
  own: context,
  parent: fc.option(context, { nil: undefined }),
  startTime: time,
  endTime: time,
  status: fc.oneof(
    fc.constantFrom({ code: 0 }, { code: 1 }, { code: 2 }),
    text.map((message) => ({ code: 2, message })),
  ),
  attributes,
  events: fc.array(
    fc.record(
      { name: text, time, attributes, droppedAttributesCount: count },
      { requiredKeys: ["name", "time"] },
    ),
    { maxLength: 3 },
  ),
  links: fc.array(
    fc.record({ context, attributes, droppedAttributesCount: count }, {
      requiredKeys: ["context"],
    }),
    { maxLength: 3 },
  ),
  droppedAttributesCount: count,
  droppedEventsCount: count,
  droppedLinksCount: count,
  resource: fc.constantFrom(...RESOURCES),
  instrumentationScope: fc.constantFrom(...SCOPES),
}).map(({ own, parent, ...others }) => ({
  ...others,
  spanContext: () => own,
  ...(parent === undefined ? {} : { parentSpanContext: parent }),
  duration: [0, 0],
  ended: true,
} as unknown as ReadableSpan));

const spans = fc.array(span, { maxLength: 5 });

Deno.test("In protobuf, any spans are what the official serializer makes of them", () => {
  fc.assert(fc.property(spans, (some) => {
    const official = ProtobufTraceSerializer.serializeRequest(some) as Uint8Array;
    const ours = spansToProtobuf(some);
    assertEquals(fieldsOf(ours, TRACE_REQUEST), fieldsOf(official, TRACE_REQUEST));
    assert(ours.length <= official.length, "none is longer");
  }));
});

Deno.test("In JSON, any spans are what the official serializer makes of them", () => {
  fc.assert(fc.property(spans, (some) => {
    // Of integers beyond 53 bits the official one writes other digits; theirs are a text.
    const read = (bytes: Uint8Array | undefined) =>
      JSON.parse(
        new TextDecoder().decode(bytes),
        (key, value) => key === "intValue" ? Number(value) : value,
      );
    assertEquals(read(spansToJson(some)), read(JsonTraceSerializer.serializeRequest(some)));
  }));
});

Deno.test("A request of many long spans is written whole, whatever room was first thought enough", () => {
  const [resource, instrumentationScope] = [RESOURCES[0], SCOPES[0]];
  const own = { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1 };
  const many = Array.from({ length: 100 }, (_, n) => ({
    name: `${n}`,
    kind: 0,
    spanContext: () => own,
    startTime: [1_700_000_000, n],
    endTime: [1_700_000_001, n],
    status: { code: 2, message: "x".repeat(n) },
    attributes: { long: "y".repeat(20 * n), list: Array(n).fill(n) },
    events: [{ name: "z".repeat(n), time: [1, n], attributes: { long: "ö".repeat(n) } }],
    links: [],
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
    resource,
    instrumentationScope,
    duration: [0, 0],
    ended: true,
  })) as unknown as ReadableSpan[];
  const fields = (bytes: Uint8Array | undefined) => fieldsOf(bytes as Uint8Array, TRACE_REQUEST);
  assertEquals(
    fields(spansToProtobuf(many)),
    fields(ProtobufTraceSerializer.serializeRequest(many)),
  );
});

Deno.test("Every second is written as it is, also as the first of a request", () => {
  const [some] = fc.sample(span, { numRuns: 1, seed: 1 });
  for (const seconds of [0, 1, 2, 65_535, 65_536, 2 ** 31, 2 ** 32, 18_446_744_073]) {
    const one = [{ ...some, startTime: [seconds, 5], endTime: [seconds, 709_551_615] }];
    const spans = one as unknown as ReadableSpan[];
    const official = ProtobufTraceSerializer.serializeRequest(spans) as Uint8Array;
    assertEquals(
      fieldsOf(spansToProtobuf(spans), TRACE_REQUEST),
      fieldsOf(official, TRACE_REQUEST),
    );
    const read = (bytes: Uint8Array | undefined) => JSON.parse(new TextDecoder().decode(bytes));
    assertEquals(read(spansToJson(spans)), read(JsonTraceSerializer.serializeRequest(spans)));
  }
});

Deno.test("A time that OTLP cannot carry is the first or the last of those that it can", () => {
  const [some] = fc.sample(span, { numRuns: 1, seed: 1 });
  const LAST = String(2n ** 64n - 1n);
  const times: [seconds: number, nanoseconds: number, written: string][] = [
    [NaN, NaN, "0"],
    [NaN, 5, "0"],
    [-1, 5, "0"],
    [0, -5, "0"],
    [-0.5, 0, "0"],
    [1, NaN, "1000000000"],
    [1.9, 1.9, "1000000001"],
    [1, 1e20, "1999999999"],
    [18_446_744_072, 999_999_999, "18446744072999999999"],
    [18_446_744_073, 709_551_615, LAST],
    [18_446_744_073, 709_551_616, LAST],
    [1e20, 1e9, LAST],
    [Infinity, Infinity, LAST],
  ];
  for (const [seconds, nanoseconds, written] of times) {
    const of = (time: unknown) =>
      [{ ...some, startTime: time, endTime: [2, 3] }] as unknown as ReadableSpan[];
    const { resourceSpans } = JSON.parse(
      new TextDecoder().decode(spansToJson(of([seconds, nanoseconds]))),
    );
    const [{ spans: [{ startTimeUnixNano, endTimeUnixNano }] }] = resourceSpans[0].scopeSpans;
    assertEquals([startTimeUnixNano, endTimeUnixNano], [written, "2000000003"]);
    const valid = [Number(BigInt(written) / 10n ** 9n), Number(BigInt(written) % 10n ** 9n)];
    assertEquals(spansToProtobuf(of([seconds, nanoseconds])), spansToProtobuf(of(valid)));
  }
});

Deno.test("A link that no receiver reads is left out and counted, and costs no other span", () => {
  const [some] = fc.sample(span, { numRuns: 1, seed: 1 });
  const link = (traceId: string, spanId: string) => ({
    context: { traceId, spanId, traceFlags: 1 },
  });
  const [traceId, spanId] = ["0aF".padEnd(32, "1"), "0aF".padEnd(16, "1")];
  const good = [link(traceId, spanId), link("0".repeat(32), "0".repeat(16)), link("", "")];
  const bad = [
    link("abc", spanId),
    link(traceId, "zz"),
    link(`${traceId}00`, spanId),
    link(traceId, "g".repeat(16)),
    link(undefined as never, spanId),
  ];
  const of = (links: unknown[], droppedLinksCount: number) =>
    [{ ...some, links, droppedLinksCount }] as unknown as ReadableSpan[];
  for (const write of [spansToProtobuf, spansToJson]) {
    assertEquals(write(of([...bad, ...good], 2)), write(of(good, 7)));
    assertEquals(write(of(bad, 0)), write(of([], 5)));
  }
});
