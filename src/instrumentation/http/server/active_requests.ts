/** How many requests of one kind are under way, and how many the bus was told of. */
export class ActiveRequests {
  #active = 0;
  #told = 0;

  /** One more, or one less. @returns what an event has to tell */
  change(by: 1 | -1): number {
    this.#active += by;
    return this.#active - this.#told;
  }

  /** That event was accepted. One that was not, the next one makes up for. */
  commit(change: number): void {
    this.#told += change;
  }
}

/** The requests under way, by method and scheme. */
export class ActiveRequestsByKind {
  readonly #kinds = new Map<string, Map<string, ActiveRequests>>();

  /** Those of a method that is known and of a scheme, both few. */
  of(method: string, scheme: string): ActiveRequests {
    let methods = this.#kinds.get(scheme);
    if (methods === undefined) this.#kinds.set(scheme, methods = new Map());
    let active = methods.get(method);
    if (active === undefined) methods.set(method, active = new ActiveRequests());
    return active;
  }
}
