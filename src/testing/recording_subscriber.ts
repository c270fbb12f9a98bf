import { EventSubscriber } from "../bus/event_subscriber.ts";
import type { BusEvent } from "../events/event.ts";
import type { Subscriptions } from "../events/event_map.ts";

/** Keeps every event of the given types, and counts the calls of its lifecycle. */
export class RecordingSubscriber extends EventSubscriber {
  /** What arrived, in order. */
  readonly events: BusEvent[] = [];
  /** How often each method was called. */
  readonly calls = { onDrain: 0, flush: 0, shutdown: 0 };
  readonly #types: readonly string[];

  /**
   * Says what to listen to.
   *
   * @param types the event types
   */
  constructor(types: readonly string[]) {
    super();
    this.#types = types;
  }

  /** The types of what arrived, in order. */
  get types(): string[] {
    return this.events.map((event) => event.type);
  }

  /** The handlers by event type. */
  override getSubscriptions(): Subscriptions {
    const keep = (event: BusEvent) => void this.events.push(event);
    return Object.fromEntries(this.#types.map((type) => [type, keep]));
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
