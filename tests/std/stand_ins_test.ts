import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { deadline, delay } from "@std/async";

/** What the assertions say must hold, and must fail: a stand-in that accepts all proves nothing. */
Deno.test("assertEquals accepts what is equal and nothing else", () => {
  const equal: [unknown, unknown][] = [
    [NaN, NaN],
    [{ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }],
    [Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    [new Map([[1, { a: 1 }], [2, { a: 2 }]]), new Map([[2, { a: 2 }], [1, { a: 1 }]])],
    [new Set([{ a: 1 }]), new Set([{ a: 1 }])],
    [new Date(1), new Date(1)],
    [/a/g, /a/g],
  ];
  for (const [a, b] of equal) assertEquals(a, b);
  const unequal: [unknown, unknown][] = [
    [0, -0],
    [1, "1"],
    [{ a: undefined }, {}],
    [{}, { a: undefined }],
    [[1, 2], [2, 1]],
    [[], {}],
    [null, {}],
    [new Map([[1, 2]]), new Map([[1, 3]])],
    [new Set([1]), new Set([1, 2])],
    [new Date(1), new Date(2)],
    [/a/g, /a/i],
  ];
  for (const [a, b] of unequal) assertThrows(() => assertEquals(a, b));
});

Deno.test("assertThrows and assertRejects fail when nothing is thrown, or something else", async () => {
  assertThrows(() => assertThrows(() => {}, Error));
  assertThrows(() =>
    assertThrows(
      () => {
        throw new TypeError("x");
      },
      RangeError,
    )
  );
  await assertRejects(() => assertRejects(() => Promise.resolve(), Error), Error);
  await assertRejects(() => Promise.reject(new TypeError("some text")), TypeError, "text");
});

Deno.test("deadline rejects what comes late and hands on what does not", async () => {
  assertEquals(await deadline(Promise.resolve(1), 1_000), 1);
  const controller = new AbortController();
  const late = await assertRejects(
    () => deadline(delay(60_000, { signal: controller.signal }).catch(() => {}), 1),
    DOMException,
  );
  assert(late.name === "TimeoutError");
  controller.abort();
});
