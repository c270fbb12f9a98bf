import { assertEquals } from "@std/assert";
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
