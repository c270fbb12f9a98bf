import { assertEquals } from "@std/assert";
import fc from "../support/properties.ts";
import { BoundedQueue } from "../../src/bus/bounded_queue.ts";

Deno.test("it does what a plain array does, within its bound", () => {
  const operation = fc.oneof(
    fc.record({ push: fc.integer(), marked: fc.boolean() }),
    fc.constant("shift" as const),
  );
  fc.assert(
    fc.property(
      fc.array(operation, { maxLength: 500 }),
      fc.integer({ min: 1, max: 150 }),
      (operations, limit) => {
        const queue = new BoundedQueue<number>(limit);
        const model: { push: number; marked: boolean }[] = [];
        for (const operation of operations) {
          if (operation === "shift") {
            assertEquals(queue.shift(), model.shift()?.push);
          } else if (!queue.full) {
            queue.push(operation.push, operation.marked);
            model.push(operation);
          }
          assertEquals(queue.size, model.length);
          assertEquals(queue.full, model.length === limit);
          assertEquals(queue.oldestStamped(), model.find(({ marked }) => !marked)?.push);
        }
      },
    ),
  );
});
