import { assertEquals } from "@std/assert";
import {
  currentBaggage,
  currentTrace,
  operation,
  readBaggage,
  withSession,
} from "@busbar/busbar/context";
import { CHECKOUT } from "../support/contexts.ts";
import { tracedShop } from "../support/shop_spans.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const SPAN_ID = "b7ad6b7169203331";
const TRACEPARENT = `00-${TRACE_ID}-${SPAN_ID}-01`;

/** What goes out of a session that was given these headers. */
function handedOn(traceparent: string | null | undefined, tracestate?: string | null) {
  return withSession({ traceparent, tracestate }, (session) => currentTrace(session));
}

Deno.test("without an operation the caller's trace is handed on", () => {
  assertEquals(handedOn(TRACEPARENT, "a=1,b=2"), {
    traceparent: TRACEPARENT,
    tracestate: "a=1,b=2",
    headers: { traceparent: TRACEPARENT, tracestate: "a=1,b=2" },
  });
  assertEquals(handedOn(TRACEPARENT, null), {
    traceparent: TRACEPARENT,
    tracestate: undefined,
    headers: { traceparent: TRACEPARENT },
  });
  assertEquals(
    handedOn(`cc-${TRACE_ID}-${SPAN_ID}-03-more`)?.traceparent,
    `00-${TRACE_ID}-${SPAN_ID}-03`,
  );
  // w3.org/TR/trace-context-2, "Other Flags": who does not know them sets them to 0
  assertEquals(
    handedOn(`00-${TRACE_ID}-${SPAN_ID}-ff`)?.traceparent,
    `00-${TRACE_ID}-${SPAN_ID}-03`,
  );
});

// w3.org/TR/trace-context-2, "Random Trace ID Flag": it stays as the caller has set it
Deno.test("whether a trace's id is random is handed on by the spans in it, and told of them", async () => {
  const shop = tracedShop();
  for (const [flags, ofSpans] of [["02", 3], ["03", 3], ["01", 1], ["00", 1]] as const) {
    const out = await withSession(
      { traceparent: `00-${TRACE_ID}-${SPAN_ID}-${flags}` },
      (context) =>
        operation(shop.bus, CHECKOUT, { cart: "c" }, async (op) => {
          const atOnce = currentTrace(op)?.traceparent;
          await shop.bus.flush();
          return op.end({ total: 1 }, [atOnce, currentTrace(op)?.traceparent]);
        }, { context }),
    );
    const sampled = Number(flags) & 1;
    const expected = `0${sampled | (ofSpans & 2)}`;
    assertEquals(out?.map((traceparent) => traceparent?.slice(-2)), [expected, expected]);
  }
  const spans = await shop.spans();
  assertEquals(spans.map((span) => span.spanContext().traceFlags), [3, 1]);
});

Deno.test("what is no trace is not handed on, nor its state", () => {
  const malformed = [
    "",
    null,
    undefined,
    "nonsense",
    `${TRACEPARENT}-more`,
    TRACEPARENT.toUpperCase(),
    ` ${TRACEPARENT}`,
    `${TRACEPARENT}\n`,
    `ff-${TRACE_ID}-${SPAN_ID}-01`,
    `00-${"0".repeat(32)}-${SPAN_ID}-01`,
    `00-${TRACE_ID}-${"0".repeat(16)}-01`,
    `01-${TRACE_ID}-${SPAN_ID}-01-${"x".repeat(1_000)}`,
    "x".repeat(1_000_000),
  ];
  for (const traceparent of malformed) {
    assertEquals(handedOn(traceparent, "a=1"), undefined, String(traceparent));
    withSession({ traceparent, tracestate: "a=1" }, (session) => {
      assertEquals(session.tracestate, undefined);
    });
  }
  assertEquals(currentTrace(), undefined);
});

Deno.test("a tracestate is handed on whole or not at all", () => {
  const rows: [given: string, handedOn: string | undefined][] = [
    ["vendor=1", "vendor=1"],
    [" a=1 ,\t b=2,", "a=1,b=2"],
    ["fw529a3039@dt=FfAAAA;b/z*_-", "fw529a3039@dt=FfAAAA;b/z*_-"],
    ["a= 1", "a= 1"],
    ["a=1,b", undefined],
    ["a=1,B=2", undefined],
    ["a=1=2", undefined],
    ["a=", undefined],
    ["a=é", undefined],
    ["a=1\u0000", undefined],
    [" , ,", undefined],
    [
      Array.from({ length: 32 }, (_, i) => `k${i}=1`).join(),
      Array.from({ length: 32 }, (_, i) => `k${i}=1`).join(),
    ],
    [Array.from({ length: 33 }, (_, i) => `k${i}=1`).join(), undefined],
    ["a=1,".repeat(10_000), undefined],
  ];
  for (const [given, expected] of rows) {
    assertEquals(handedOn(TRACEPARENT, given)?.tracestate, expected, given.slice(0, 50));
  }
});

Deno.test("of a tracestate that is too long, long members go first, then the last ones", () => {
  const member = (name: string, length: number) =>
    `${name}=${"v".repeat(length - name.length - 1)}`;
  const long = member("long", 200);
  const members = Array.from({ length: 6 }, (_, i) => member(`k${i}`, 100));
  const given = [members[0], long, ...members.slice(1)].join();
  assertEquals(handedOn(TRACEPARENT, given)?.tracestate, members.slice(0, 5).join());
  assertEquals(handedOn(TRACEPARENT, [long, long].join())?.tracestate, [long, long].join());
  // 512 characters are as many as everyone hands on, and 128 are no long member.
  const [exact, more] = [[...members.slice(0, 4), member("k5", 108)], member("k5", 109)];
  assertEquals(exact.join().length, 512);
  assertEquals(handedOn(TRACEPARENT, exact.join())?.tracestate, exact.join());
  const oneMore = [...members.slice(0, 4), more].join();
  assertEquals(handedOn(TRACEPARENT, oneMore)?.tracestate, members.slice(0, 4).join());
  const mixed = [member("a", 128), member("b", 129), member("c", 128), member("d", 128), "e=1"];
  assertEquals(
    handedOn(TRACEPARENT, mixed.join())?.tracestate,
    mixed.filter((_, i) => i !== 1).join(),
  );
  assertEquals(
    handedOn(TRACEPARENT, [member("a", 256), member("b", 257)].join())?.tracestate,
    undefined,
  );
});

Deno.test("of a baggage header the named members are read, each once", () => {
  const rows: [header: string | null | undefined, read: Record<string, string>][] = [
    [undefined, {}],
    [null, {}],
    ["", {}],
    ["a=1", { a: "1" }],
    ["a=1,b=2,c=3", { a: "1", b: "2" }],
    [" a = 1 ; ttl=5 , b=2;secret", { a: "1", b: "2" }],
    ["a=caf%C3%A9%2C%20cr%C3%A8me", { a: "café, crème" }],
    ["a=1,a=2", { a: "1" }],
    ["a=%zz,b=2", { b: "2" }],
    ["a=%zz,a=2", { a: "2" }],
    ["a,b=2", { b: "2" }],
    ["ax,b=2", { b: "2" }],
    ["=1,b=2", { b: "2" }],
    [`b=2,a=${"x".repeat(8_186)}`, { b: "2", a: "x".repeat(8_186) }],
    [`b=2,a=${"x".repeat(8_187)}`, {}],
    ["a=1 2,b=2", { b: "2" }],
    ['a="1",b=2', { b: "2" }],
    ["a=1\r\nx: y,b=2", { b: "2" }],
    ["a=,b=x=y", { a: "", b: "x=y" }],
    ["A=1,__proto__=5,constructor=6", {}],
    [`a=1,b=${"x".repeat(9_000)}`, {}],
  ];
  for (const [header, read] of rows) {
    assertEquals({ ...readBaggage(header, ["a", "b"]) }, read, String(header).slice(0, 50));
  }
  const hostile = readBaggage("__proto__=5,constructor=6", [
    "__proto__",
    "constructor",
    "toString",
  ]);
  assertEquals(Object.keys(hostile), ["__proto__", "constructor"]);
  assertEquals(hostile.toString, undefined as never);
});

Deno.test("baggage travels with the session", () => {
  assertEquals({ ...currentBaggage() }, {});
  withSession({ baggage: { tenant: "a" } }, (session) => {
    assertEquals({ ...currentBaggage(session) }, { tenant: "a" });
  });
  withSession({}, (session) => assertEquals({ ...currentBaggage(session) }, {}));
  // Where no async context follows the code, or another one, the session says whose it is.
  const session = withSession({ baggage: { tenant: "a" } }, (session) => session);
  assertEquals(currentBaggage(session).tenant, "a");
  assertEquals([currentBaggage().tenant, readBaggage(null, ["tenant"]).tenant], [
    undefined,
    undefined,
  ]);
});
