import { assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { operation, withSession } from "@busbar/busbar/context";

/** For so many ids random words are kept. */
const IN_STOCK = 128;

/** Runs `body` while a function of `crypto` is another one. */
function withCrypto<Result>(name: keyof Crypto, value: unknown, body: () => Result): Result {
  Object.defineProperty(crypto, name, { configurable: true, value });
  try {
    return body();
  } finally {
    Reflect.deleteProperty(crypto, name);
  }
}

/** The ids of operations, from the first on for which these words were drawn. */
async function idsOf(draw: (words: Uint32Array) => void, count: number) {
  await using bus = new EventBus().start();
  const ids: string[] = [];
  let drawn = 0;
  const getRandomValues = (words: Uint32Array) => {
    drawn++;
    draw(words);
    return words;
  };
  withCrypto("getRandomValues", getRandomValues, () => {
    while (ids.length < count) {
      operation(bus, ["a", "b"], undefined, (op) => {
        // Before, there are some in stock.
        if (drawn > 0) ids.push(op.operationId);
        return op.end();
      });
    }
  });
  // What is left of these words is for no other test.
  for (let i = 0; i < IN_STOCK; i++) operation(bus, ["a", "b"], undefined, (op) => op.end());
  return { ids, drawn };
}

Deno.test("an operation's id is all that was drawn, as digits", async () => {
  const words = [0x01234567, 0x89abcdef, 0, 1, 0xffffffff, 0];
  const { ids } = await idsOf((into) => {
    for (let i = 0; i < into.length; i++) into[i] = words[i % words.length]!;
  }, 3);
  assertEquals(ids, ["0123456789abcdef", "0000000000000001", "ffffffff00000000"]);
});

Deno.test("no operation's id is all zeros, and none comes twice", async () => {
  let next = 0;
  const { ids, drawn } = await idsOf((into) => {
    // Zeros first, then what was never there before.
    for (let i = 0; i < into.length; i++) into[i] = next < 4 ? next++ && 0 : next++;
  }, 1_000);
  assertEquals(new Set(ids).size, 1_000);
  assertEquals(ids.includes("0".repeat(16)), false);
  assertEquals(drawn, 8);
});

Deno.test("where there is no randomUUID, as on a page without HTTPS, a session has an id", () => {
  const idOf = () => withSession({}, ({ sessionId }) => sessionId);
  assertEquals(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(idOf()), true);
  const ids = withCrypto("randomUUID", undefined, () => Array.from({ length: 100 }, idOf));
  assertEquals(ids.filter((id) => !/^[0-9a-f]{32}$/.test(id)), []);
  assertEquals(new Set(ids).size, 100);
});
