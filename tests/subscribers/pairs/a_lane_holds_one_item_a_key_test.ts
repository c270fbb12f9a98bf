import { assert, assertEquals } from "@std/assert";
import fc from "../../support/properties.ts";
import { PairLane } from "../../../src/subscribers/pairs/pair_lane.ts";

interface Item {
  readonly sessionId: string;
  readonly operationId: string;
  readonly n: number;
}

const step = fc.record({
  what: fc.constantFrom("add", "add", "add", "replace", "remove", "remove"),
  sessionId: fc.constantFrom("", "a", "b", "c", "d", "e"),
  operationId: fc.constantFrom("", "1", "2", "3", "4", "5", "6"),
});

Deno.test("Any program of additions, replacements and removals agrees with a map", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
    const lane = new PairLane<Item>();
    const model = new Map<string, Item>();
    steps.forEach(({ what, sessionId, operationId }, n) => {
      const key = `${sessionId}/${operationId}`;
      const item = { sessionId, operationId, n };
      const there = model.get(key);
      if (what === "add") {
        assertEquals(lane.add(item), there);
        if (there === undefined) model.set(key, item);
      } else if (what === "replace" && there !== undefined) {
        lane.replace(item);
        model.set(key, item);
      } else if (what === "remove") {
        // Also where nothing is there: nothing else may go.
        lane.remove(item);
        model.delete(key);
      }
      for (const sessionId of ["", "a", "e"]) {
        for (const operationId of ["", "1", "6"]) {
          assertEquals(
            lane.get(sessionId, operationId),
            model.get(`${sessionId}/${operationId}`),
          );
        }
      }
    });
    for (const item of model.values()) {
      assertEquals(lane.get(item.sessionId, item.operationId), item);
    }
  }));
});

/** An item that counts how often somebody looks at its key. */
class Watched {
  static looks = 0;
  readonly #sessionId: string;
  readonly operationId: string;

  constructor(sessionId: string, operationId: string) {
    this.#sessionId = sessionId;
    this.operationId = operationId;
  }

  get sessionId(): string {
    Watched.looks++;
    return this.#sessionId;
  }
}

/** How often keys are looked at while something is done. */
function looksOf(work: () => void): number {
  Watched.looks = 0;
  work();
  return Watched.looks;
}

for (
  const [what, keyOf] of [
    ["sessions", (i: number) => [`${i}`, ""]],
    ["operations of a session", (i: number) => ["", `${i}`]],
    ["sessions with two operations each", (i: number) => [`${i >> 1}`, `${i % 2}`]],
  ] as [string, (i: number) => [string, string]][]
) {
  Deno.test(`A look-up passes few items, however many there are: ${what}`, () => {
    const lane = new PairLane<Watched>();
    const items = Array.from({ length: 2_000 }, (_, i) => new Watched(...keyOf(i)));
    // One at a time, and one in and one out, so that every way there and back is gone.
    for (const item of items) {
      assert(looksOf(() => lane.add(item)) <= 40, "an addition");
      assertEquals(lane.get(...keyOf(items.indexOf(item))), item);
    }
    for (const [i, item] of items.entries()) {
      assert(looksOf(() => lane.get(...keyOf(i))) <= 16, "a look-up");
      assert(looksOf(() => lane.get("none", "")) <= 16, "one for what is not there");
      assert(looksOf(() => lane.add(item)) <= 17, "an addition of what is there");
      assert(looksOf(() => lane.remove(item)) <= 17, "a removal");
      assert(looksOf(() => lane.add(item)) <= 40, "an addition again");
      assert(looksOf(() => lane.replace(item)) <= 17, "a replacement");
      lane.remove(item);
      assertEquals(lane.get(...keyOf(i)), undefined);
    }
  });
}
