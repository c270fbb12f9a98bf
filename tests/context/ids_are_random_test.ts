import { assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import type * as context from "@busbar/busbar/context";
import { loadCopy } from "../support/package_copies.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

/** What the copies draw, in the place of what is random. */
type Draw = (words: Uint32Array) => void;

/** The ids of some operations of a copy of the package that draws these words. */
async function idsOf(draw: Draw, operations: number): Promise<{ ids: string[]; drawn: number }> {
  await using folder = await temporaryFolder();
  const { operation } = await loadCopy<typeof context>(folder.path, "@busbar/busbar/context");
  await using bus = new EventBus().start();
  const ids: string[] = [];
  let drawn = 0;
  Object.defineProperty(crypto, "getRandomValues", {
    configurable: true,
    value: (words: Uint32Array) => {
      drawn++;
      draw(words);
      return words;
    },
  });
  try {
    for (let i = 0; i < operations; i++) {
      operation(bus, ["a", "b"], undefined, (op) => {
        ids.push(op.operationId);
        return op.end();
      });
    }
  } finally {
    Reflect.deleteProperty(crypto, "getRandomValues");
  }
  return { ids, drawn };
}

Deno.test("an operation's id is all that was drawn, as digits", async () => {
  const words = [0x01234567, 0x89abcdef, 0, 1, 0xffffffff, 0];
  const { ids } = await idsOf((into) => {
    for (let i = 0; i < into.length; i++) into[i] = words[i % words.length]!;
  }, 3);
  assertEquals(ids, ["0123456789abcdef", "0000000000000001", "ffffffff00000000"]);
});

Deno.test("no operation's id is all zeros, and none is drawn twice", async () => {
  let next = 0;
  const { ids, drawn } = await idsOf((into) => {
    // Zeros first, then what was never there before.
    for (let i = 0; i < into.length; i++) into[i] = next < 4 ? next++ && 0 : next++;
  }, 1_000);
  assertEquals(new Set(ids).size, 1_000);
  assertEquals(ids.includes("0".repeat(16)), false);
  assertEquals(drawn, 8);
});

Deno.test("where there is no randomUUID, as on a page without HTTPS, a session has an id", async () => {
  await using folder = await temporaryFolder();
  const { withSession } = await loadCopy<typeof context>(folder.path, "@busbar/busbar/context");
  const idOf = () => withSession({}, ({ sessionId }) => sessionId);
  assertEquals(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(idOf()), true);
  Object.defineProperty(crypto, "randomUUID", { configurable: true, value: undefined });
  try {
    const ids = Array.from({ length: 100 }, idOf);
    assertEquals(ids.filter((id) => !/^[0-9a-f]{32}$/.test(id)), []);
    assertEquals(new Set(ids).size, 100);
  } finally {
    Reflect.deleteProperty(crypto, "randomUUID");
  }
});
