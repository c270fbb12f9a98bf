/**
 * Fakes for testing code that publishes: a subscriber that records events, a clock that is set by
 * hand, a logger that keeps its lines.
 *
 * @example
 * ```ts
 * import { EventBus } from "@busbar/busbar";
 * import { RecordingSubscriber } from "@busbar/busbar/testing";
 *
 * interface JobEvents {
 *   "job.done": { ms: number };
 * }
 * await using bus = new EventBus<JobEvents>().start();
 * const recorded = new RecordingSubscriber<JobEvents>(["job.done"]);
 * bus.registerSubscriber(recorded);
 * bus.publish("job.done", { ms: 12 });
 * await bus.flush();
 * if (recorded.events.length !== 1) throw new Error("not published");
 * ```
 *
 * @module
 */
export { RecordingSubscriber } from "./recording_subscriber.ts";
export { ManualClock } from "./manual_clock.ts";
export { MemoryLogger } from "./memory_logger.ts";
