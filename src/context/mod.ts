/**
 * Sessions and operations that travel with the async context: code deep inside of a request publishes
 * without knowing whose it is. They travel by `AsyncLocalStorage`, which is found at run time and never
 * imported; where there is none, as in browsers, they are handed on as arguments.
 *
 * @example
 * ```ts
 * import { EventBus } from "@busbar/busbar";
 * import { currentContext, operation, withSession } from "@busbar/busbar/context";
 *
 * interface ShopEvents {
 *   "checkout.start": { cart: string };
 *   "checkout.end": { total: number };
 * }
 * await using bus = new EventBus<ShopEvents>({ context: currentContext }).start();
 *
 * const checkOut = (cart: string) =>
 *   operation(bus, ["checkout.start", "checkout.end"], { cart }, async (op) => {
 *     await Promise.resolve(); // stands for a bank
 *     return op.end({ total: 42 }, "paid");
 *   });
 * const state = await withSession({ sessionId: "request 1" }, () => checkOut("c1"));
 * if (state !== "paid") throw new Error(state);
 * ```
 *
 * @module
 */
export type { EventContext } from "../events/event.ts";
export type { EventBus } from "../library/event_bus.ts";
export { currentBaggage, readBaggage } from "./baggage.ts";
export { currentTrace, type Trace } from "./current_trace.ts";
export type { Ended } from "./ended.ts";
export {
  type Operation,
  operation,
  type OperationOptions,
  type OperationResult,
} from "./operation.ts";
export type { Baggage } from "./scope.ts";
export { currentContext, type Session, type SessionInit, withSession } from "./session.ts";
