import type { BusEvent, PublishInit } from "./event.ts";

/**
 * The catalogue of a bus that was given none: any type, any metadata.
 *
 * A catalogue proper is a plain interface from event type to metadata; see `EventBus`.
 */
// deno-lint-ignore no-explicit-any -- "anything goes" is what an untyped bus promises
export type AnyEvents = Record<string, any>;

/** The event types that a catalogue declares. */
// `Extract` makes a compiler's error about a wrong name list the right ones, not `EventTypeOf<…>`.
export type EventTypeOf<Events extends object> = Extract<keyof Events & string, string>;

/** A catalogue's types without those that belong to the bus itself (`bus:…`). */
export type Publishable<Type extends string> = Type extends `bus:${string}` ? never : Type;

/** The record of one event type of a catalogue. */
export type EventOf<Events extends object, Type extends EventTypeOf<Events>> = Type extends
  EventTypeOf<Events> ? BusEvent<Type, Events[Type]> : never;

/**
 * The arguments of `publish` behind the type: metadata may be left out only where the catalogue
 * allows `undefined`.
 */
export type PublishArguments<Metadata> = undefined extends Metadata
  ? [metadata?: Metadata, init?: PublishInit]
  : [metadata: Metadata, init?: PublishInit];

/**
 * Called once for each event of a type, off the publisher's stack. It may be async: a rejection is
 * isolated and counted like a throw.
 */
export type EventHandler<Event extends BusEvent = BusEvent> = (event: Event) => unknown;

/** What a subscriber listens to: a handler for each type it wants. */
export type Subscriptions<Events extends object = AnyEvents> = {
  readonly [Type in EventTypeOf<Events>]?: (
    event: BusEvent<Type, Events[Type]>,
  ) => unknown;
};
