import { EventBus, type EventBusOptions } from "@busbar/busbar";
import { currentContext } from "@busbar/busbar/context";
import { MemoryLogger, RecordingSubscriber } from "@busbar/busbar/testing";
import { ONE_SLICE_MS } from "./quiet_bus.ts";

/** What the tests' operations publish. */
export interface ShopEvents {
  "checkout.start": { cart: string };
  "checkout.end": { total: number };
  "charge.start": undefined;
  "charge.end": undefined;
  "step.start": undefined;
  "step.end": undefined;
  "note": { text: string };
}

/** The pairs among them. */
export const CHECKOUT = ["checkout.start", "checkout.end"] as const;
/** The same, of what carries no metadata. */
export const CHARGE = ["charge.start", "charge.end"] as const;
/** The same, for what stands between others. */
export const STEP = ["step.start", "step.end"] as const;

/** A started bus that knows the current context, and what is recorded of it. */
export function contextBus(options: EventBusOptions = {}) {
  const logger = new MemoryLogger();
  const bus = new EventBus<ShopEvents>({
    context: currentContext,
    logger,
    drainBudgetMs: ONE_SLICE_MS,
    ...options,
  }).start();
  const recorded = new RecordingSubscriber<ShopEvents>();
  bus.registerSubscriber(recorded);
  return { bus, recorded, lines: logger.lines };
}
