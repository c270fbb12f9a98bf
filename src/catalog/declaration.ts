import type { BusEvent } from "../events/event.ts";

/** Ties a declaration to its event map, so that a catalog of other events does not accept it. */
export interface DeclaredFor<Events extends object> {
  /** Exists for the compiler only, never at run time. */
  readonly declaredFor?: (events: Events) => void;
}

/** Inside a declaration the events' types are erased; the factories' signatures checked them. */
// deno-lint-ignore no-explicit-any -- any event of the catalog, whose metadata the factory typed
export type AnyEvent = BusEvent<string, any>;

/** Tells concurrent operations of the same kind in one session apart. */
export type OperationId = string | number | undefined;

/** The metadata's field `operationId`, where it has one. */
export function defaultOperationId(event: BusEvent): OperationId {
  const { metadata } = event;
  if (typeof metadata !== "object" || metadata === null) return undefined;
  const { operationId } = metadata as { operationId?: unknown };
  return typeof operationId === "string" || typeof operationId === "number"
    ? operationId
    : undefined;
}

/** Refuses a declaration. */
export function refuse(what: string, argument: string, rule: string, value: unknown): never {
  const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
  throw new TypeError(`Cannot declare ${what}: ${argument} must be ${rule}, received ${shown}`);
}

/** Checks functions that a declaration may be given. */
export function assertFunctions(what: string, given: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined && typeof value !== "function") refuse(what, name, "a function", value);
  }
}

/** One event type or a list of them, checked, as a list. */
export function typesOf(
  what: string,
  argument: string,
  types: string | readonly string[],
): readonly string[] {
  const list: unknown = typeof types === "string" ? [types] : types;
  if (!Array.isArray(list)) refuse(what, argument, "an event type or a list of them", types);
  for (const type of list) assertType(what, argument, type);
  return [...list];
}

/** Checks an event type given to a declaration. */
export function assertType(what: string, argument: string, type: unknown): asserts type is string {
  if (typeof type !== "string" || type === "" || type.startsWith("bus:")) {
    refuse(what, argument, "an event type, not beginning with bus:", type);
  }
}
