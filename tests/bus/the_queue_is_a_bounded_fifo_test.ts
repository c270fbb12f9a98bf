import { assertEquals } from "@std/assert";
import { BoundedQueue } from "../../src/bus/bounded_queue.ts";
import fc from "../support/properties.ts";

/** More than the queue has in one piece. */
const MANY = 600;

Deno.test("it does what a plain array does, within its bound", () => {
  const operation = fc.oneof(
    fc.record({ push: fc.oneof(fc.nat(3), fc.nat(MANY)), marked: fc.boolean() }),
    fc.record({ shift: fc.oneof(fc.nat(3), fc.nat(MANY)) }),
  );
  fc.assert(
    fc.property(
      fc.array(operation, { maxLength: 60 }),
      fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 3 * MANY })),
      (operations, limit) => {
        const queue = new BoundedQueue<number>(limit);
        const model: { item: number; marked: boolean }[] = [];
        let [pushed, shifted] = [0, 0];
        for (const operation of operations) {
          if ("shift" in operation) {
            for (let i = 0; i < operation.shift; i++) {
              const item = model.shift()?.item;
              if (item !== undefined) shifted++;
              assertEquals(queue.shift(), item);
            }
          } else {
            const { push, marked } = operation;
            for (let i = 0; i < push && !queue.full; i++) {
              queue.push(pushed, marked);
              model.push({ item: pushed++, marked });
            }
          }
          assertEquals(queue.size, model.length);
          assertEquals([queue.pushed, queue.shifted], [pushed, shifted]);
          assertEquals(queue.full, model.length === limit);
          assertEquals(queue.oldestStamped(), model.find(({ marked }) => !marked)?.item);
        }
      },
    ),
  );
});
