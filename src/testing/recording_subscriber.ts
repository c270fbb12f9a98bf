import { EventSubscriber } from "../bus/event_subscriber.ts";
import type { AnyEvents, EventOf, EventTypeOf, Subscriptions } from "../events/event_map.ts";

/**
 * Keeps every event, or those of the given types, and counts the calls of its lifecycle methods.
 *
 * @typeParam Events The event map of the code under test. With it, event types that do not exist
 * are compile errors, and `events` is typed; without it, any type is accepted.
 */
export class RecordingSubscriber<Events extends object = AnyEvents>
  extends EventSubscriber<Events> {
  /**
   * Its name in counts and warnings, which survives minification. A subclass has the same, unless it
   * says another: `override readonly name = "OwnRecording";`.
   */
  override readonly name: string = "RecordingSubscriber";
  /** The events received, in order. */
  readonly events: EventOf<Events, EventTypeOf<Events>>[] = [];
  /** How often each method was called. */
  readonly calls = { onDrain: 0, flush: 0, shutdown: 0 };
  /** Keeps an event of any type; absent if only some types are recorded. */
  override onEvent?: (event: EventOf<Events, EventTypeOf<Events>>) => void;
  readonly #types: readonly EventTypeOf<Events>[];

  /**
   * Creates a subscriber; register it with `bus.registerSubscriber`.
   *
   * @param types the event types to record. Default: all.
   */
  constructor(types?: readonly NoInfer<EventTypeOf<Events>>[]) {
    super();
    this.#types = types ?? [];
    if (types === undefined) this.onEvent = (event) => void this.events.push(event);
  }

  /** The types of the events received, in order. */
  get types(): string[] {
    return this.events.map((event) => event.type);
  }

  /** The handlers by event type. */
  override getSubscriptions(): Subscriptions<Events> {
    const keep = (event: EventOf<Events, EventTypeOf<Events>>) => void this.events.push(event);
    const subscriptions: unknown = Object.fromEntries(this.#types.map((type) => [type, keep]));
    return subscriptions as Subscriptions<Events>;
  }

  /** Counts the call. */
  override onDrain(): void {
    this.calls.onDrain++;
  }

  /** Counts the call. */
  override flush(): void {
    this.calls.flush++;
  }

  /** Counts the call. */
  override shutdown(): void {
    this.calls.shutdown++;
  }
}
