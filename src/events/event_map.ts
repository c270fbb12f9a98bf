import type { BusEvent, PublishInit } from "./event.ts";

/**
 * The event map of a bus that was given none: any type, any metadata.
 *
 * A typed event map is a plain interface from event type to metadata; see `EventBus`.
 */
// deno-lint-ignore no-explicit-any -- "anything goes" is what an untyped bus promises
export type AnyEvents = Record<string, any>;

/** The event types of an event map. */
// `Extract` makes a compiler's error about a wrong name list the right ones, not `EventTypeOf<…>`.
export type EventTypeOf<Events extends object> = Extract<keyof Events & string, string>;

/** The event types without those reserved for the bus itself (`bus:…`). */
export type Publishable<Type extends string> = Type extends `bus:${string}` ? never : Type;

/** The record of one event type of an event map. */
export type EventOf<Events extends object, Type extends EventTypeOf<Events>> = Type extends
  EventTypeOf<Events> ? BusEvent<Type, Events[Type]> : never;

/**
 * The arguments of `publish` after the type. Metadata may be left out only if the event map allows
 * `undefined`.
 */
export type PublishArguments<Metadata> = undefined extends Metadata
  ? [metadata?: Metadata, init?: PublishInit]
  : [metadata: Metadata, init?: PublishInit];

/**
 * Called once for each event of a type, later than `publish` and off its call stack. It may be
 * async: a rejection is isolated and counted like an exception.
 */
export type EventHandler<Event extends BusEvent = BusEvent> = (event: Event) => unknown;

/** What a subscriber listens to: a handler for each type it wants. */
export type Subscriptions<Events extends object = AnyEvents> = {
  readonly [Type in EventTypeOf<Events>]?: (
    event: BusEvent<Type, Events[Type]>,
  ) => unknown;
};
