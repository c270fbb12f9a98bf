import type { EventHandler } from "../events/event_map.ts";

/** One subscription: a handler, whom it is counted under, and its async calls under way. */
export class Route {
  readonly handler: EventHandler;
  readonly name: string;
  inFlight = 0;

  constructor(handler: EventHandler, name: string) {
    this.handler = handler;
    this.name = name;
  }
}

const NO_ROUTES: readonly Route[] = [];

/**
 * Which handlers an event type reaches. The lists are never changed but replaced, so that whoever
 * dispatches keeps the list it began with.
 */
export class Routes {
  readonly #own = new Map<string, readonly Route[]>();
  /** Per type: its own routes, then those of every type. */
  readonly #complete = new Map<string, readonly Route[]>();
  #everyType: readonly Route[] = NO_ROUTES;
  #lastType: string | undefined;
  #last: readonly Route[] = NO_ROUTES;

  /** The handlers of `type` in the order they are called. */
  of(type: string): readonly Route[] {
    if (type === this.#lastType) return this.#last;
    this.#lastType = type;
    return this.#last = this.#complete.get(type) ?? this.#everyType;
  }

  has(type: string): boolean {
    return this.#everyType.length > 0 || this.#complete.has(type);
  }

  add(type: string, route: Route): void {
    this.#set(type, [...(this.#own.get(type) ?? NO_ROUTES), route]);
  }

  remove(type: string, route: Route): void {
    this.#set(type, (this.#own.get(type) ?? NO_ROUTES).filter((other) => other !== route));
  }

  addForEveryType(route: Route): void {
    this.#setEveryType([...this.#everyType, route]);
  }

  removeForEveryType(route: Route): void {
    this.#setEveryType(this.#everyType.filter((other) => other !== route));
  }

  #set(type: string, own: readonly Route[]): void {
    this.#lastType = undefined;
    if (own.length === 0) {
      this.#own.delete(type);
      this.#complete.delete(type);
    } else {
      this.#own.set(type, own);
      this.#complete.set(type, [...own, ...this.#everyType]);
    }
  }

  #setEveryType(routes: readonly Route[]): void {
    this.#lastType = undefined;
    this.#everyType = routes;
    for (const [type, own] of this.#own) this.#complete.set(type, [...own, ...routes]);
  }
}

/** How a bare handler is named in counts. */
export function handlerName(handler: { readonly name: string }): string {
  return handler.name || "(anonymous)";
}
