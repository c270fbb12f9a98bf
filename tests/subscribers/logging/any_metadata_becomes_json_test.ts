import { assert, assertEquals } from "@std/assert";
import fc, { runs } from "../../support/properties.ts";
import { MAX_LOG_DEPTH, MAX_LOG_VALUES } from "@busbar/busbar/subscribers";
import { loggingBus } from "../../support/logging_bus.ts";

async function attributesOf(metadata: unknown): Promise<unknown> {
  const { bus, records } = loggingBus();
  bus.publish("a", metadata);
  await bus.stop();
  return records[0]?.attributes;
}

/** Not by `assertEquals`: a field named `constructor` makes equal objects differ there. */
function assertWrittenAsItIs(value: unknown): void {
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) assertWrittenAsItIs(value[i]);
  } else if (typeof value === "object" && value !== null) {
    assert([null, Object.prototype].includes(Object.getPrototypeOf(value)));
    for (const name of Object.keys(value)) assertWrittenAsItIs(value[name as keyof object]);
  } else {
    assert(value === null || ["string", "boolean", "number"].includes(typeof value), typeof value);
    assert(Object.is(JSON.parse(JSON.stringify(value)), value), String(value));
  }
}

const circular: Record<string, unknown> = { name: "self" };
circular.itself = circular;
circular.list = [circular, { up: circular }];

function returnThis(this: unknown): unknown {
  return this;
}

Deno.test("whatever the metadata holds, the attributes are what JSON can write", async () => {
  const cases: [metadata: unknown, attributes: unknown][] = [
    [undefined, {}],
    [null, {}],
    ["text", { metadata: "text" }],
    [[1, "b"], { metadata: [1, "b"] }],
    [{ a: 1, b: true, c: null, d: undefined, e: "é" }, { a: 1, b: true, c: null, e: "é" }],
    [{ list: [undefined, { deep: [1] }] }, { list: [null, { deep: [1] }] }],
    [{ a: NaN, b: -Infinity, c: 12n, d: Symbol("s"), e: () => {} }, {
      a: "NaN",
      b: "-Infinity",
      c: "12",
      d: "Symbol(s)",
      e: "[function]",
    }],
    [{ a: Object(1), b: Object(false), c: Object("s") }, { a: 1, b: false, c: "s" }],
    [{ at: new Date(0), to: new URL("http://a/b"), re: /x/g }, {
      at: "1970-01-01T00:00:00.000Z",
      to: "http://a/b",
      re: "/x/g",
    }],
    [{ map: new Map([["k", { v: 1n }]]), set: new Set(["s"]), bytes: new Uint8Array(3) }, {
      map: { k: { v: "1" } },
      set: ["s"],
      bytes: "[3 bytes]",
    }],
    [{ buffer: new ArrayBuffer(5), view: new DataView(new ArrayBuffer(4)) }, {
      buffer: "[5 bytes]",
      view: "[4 bytes]",
    }],
    [{ query: new URLSearchParams("a=1&b=2&b=3") }, { query: { a: "1", b: ["2", "3"] } }],
    [{ own: { a: 1, toJSON: 7 } }, { own: { a: 1, toJSON: 7 } }],
    [{ own: { toJSON: () => undefined } }, { own: null }],
    [{ in: { own: { toJSON: () => undefined } } }, { in: { own: null } }],
    [{ own: { a: 1, toJSON: returnThis } }, { own: { a: 1, toJSON: "[function]" } }],
    [circular, {
      name: "self",
      itself: "[circular]",
      list: ["[circular]", { up: "[circular]" }],
    }],
    [{
      get broken(): string {
        throw new Error("no");
      },
      whole: 1,
    }, { broken: "[unreadable]", whole: 1 }],
    [{
      p: new Proxy({}, {
        ownKeys: () => {
          throw new Error("no");
        },
      }),
    }, { p: "[unreadable]" }],
    [
      JSON.parse('{"__proto__": {"polluted": true}}'),
      JSON.parse('{"__proto__": {"polluted": true}}'),
    ],
  ];
  for (const [metadata, attributes] of cases) {
    assertEquals(await attributesOf(metadata), attributes);
  }
  const { name, message, stack, code } = await attributesOf(
    Object.assign(new RangeError("too far"), { code: 7 }),
  ) as Record<string, unknown>;
  assertEquals([name, message, code, typeof stack], ["RangeError", "too far", 7, "string"]);
});

Deno.test("an error's cause is shown, and the errors that it gathers", async () => {
  const disk = new Error("disk full");
  const { cause, errors } = await attributesOf(
    new AggregateError([disk], "nothing stored", { cause: disk }),
  ) as { cause: { message: string }; errors: { message: string }[] };
  assertEquals([cause.message, errors.map(({ message }) => message)], ["disk full", ["disk full"]]);
});

function keysTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

Deno.test("records are bounded, and say what they leave out", async () => {
  const wide = await attributesOf({ keys: keysTo(5_000) });
  const { keys } = wide as { keys: unknown[] };
  assertEquals([keys.length, keys.at(-1)], [MAX_LOG_VALUES, `[${5_001 - MAX_LOG_VALUES} more]`]);
  const fields = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`f${i}`, i]));
  const { map } = await attributesOf({ map: fields }) as { map: Record<string, unknown> };
  const left = 5_001 - MAX_LOG_VALUES;
  assertEquals([Object.keys(map).length, map["…"]], [MAX_LOG_VALUES, `[${left} more]`]);
  const { set } = await attributesOf({ set: new Set(keysTo(5_000)) }) as { set: unknown[] };
  assertEquals([set.length, set.at(-1)], [MAX_LOG_VALUES, `[${left} more]`]);
  let deep: unknown = "bottom";
  for (let i = 0; i < 10_000; i++) deep = { deep };
  const depth = JSON.stringify(await attributesOf(deep)).split('"deep"').length - 1;
  assertEquals(depth, MAX_LOG_DEPTH);
  // Each level refers twice to the next: written out, there would be 2^40 values.
  let shared: unknown = 1;
  for (let i = 0; i < 40; i++) shared = { l: shared, r: shared };
  assertEquals(typeof await attributesOf(shared), "object");
});

Deno.test("any metadata at all makes a record that survives JSON", async () => {
  const { bus, records } = loggingBus({ maxPerSecond: Infinity });
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withNullPrototype: true,
    withSparseArray: true,
  });
  fc.assert(fc.property(anything, (metadata) => bus.publish("a", metadata)), runs(500));
  await bus.flush();
  assertEquals(records.length, 500);
  for (const { attributes } of records) {
    assertWrittenAsItIs(attributes);
  }
  assertEquals((await bus.stop()).failures, 0);
});
