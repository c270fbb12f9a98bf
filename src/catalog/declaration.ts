import type { BusEvent } from "../events/event.ts";
import { invalidArgument } from "../internal/arguments.ts";
import { assertKnownNames } from "../internal/option_names.ts";

/** Inside a declaration the events' types are erased; the factories' signatures checked them. */
// deno-lint-ignore no-explicit-any -- any event of the catalog, whose metadata the factory typed
export type AnyEvent = BusEvent<string, any>;

/** Tells concurrent operations of the same kind in one session apart. */
export type OperationId = string | number | bigint | undefined;

/** The event's own `operationId`; where it has none, its metadata's, if that has one. */
export function defaultOperationId({ operationId, metadata }: BusEvent): OperationId {
  if (operationId) return operationId;
  if (typeof metadata !== "object" || metadata === null) return undefined;
  const { operationId: id } = metadata as { operationId?: unknown };
  if (typeof id === "string") return id === "" ? undefined : id;
  return typeof id === "number" || typeof id === "bigint" ? id : undefined;
}

/** Throws the error of a bad declaration: `what` is `"a counter"`, `"the span \"checkout\""`. */
export function invalidDeclaration(
  what: string,
  argument: string,
  rule: string,
  value: unknown,
): never {
  return invalidArgument(TypeError, `declare ${what}`, argument, rule, value);
}

/** Refuses options that are no object, or have names that are not among the known ones. */
export function assertOptions(what: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    return invalidDeclaration(what, "options", "an object", options);
  }
  assertKnownNames(`declare ${what}`, "option", options, known);
}

/** Checks functions that a declaration may be given. */
export function assertFunctions(what: string, given: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined && typeof value !== "function") {
      invalidDeclaration(what, name, "a function", value);
    }
  }
}

/** Refuses what is no list of names: a single one would be read as a list of its letters. */
export function assertNames(what: string, argument: string, names: unknown): void {
  if (!Array.isArray(names) || names.some((name) => typeof name !== "string" || name === "")) {
    invalidDeclaration(what, argument, "a list of names", names);
  }
}

/** One event type or a list of them, checked, as a list. */
export function typesOf(what: string, argument: string, types: unknown): readonly string[] {
  const list: unknown = typeof types === "string" ? [types] : types;
  if (!Array.isArray(list)) {
    return invalidDeclaration(what, argument, "an event type or a list of them", types);
  }
  for (const type of list) assertType(what, argument, type);
  return [...list];
}

/** Checks an event type given to a declaration. */
export function assertType(what: string, argument: string, type: unknown): asserts type is string {
  if (typeof type !== "string" || type === "" || type.startsWith("bus:")) {
    invalidDeclaration(what, argument, "an event type, not beginning with bus:", type);
  }
}

/** Checks the two event types of an operation. */
export function assertPair(what: string, start: unknown, end: unknown): void {
  assertType(what, "start", start);
  assertType(what, "end", end);
  if (start === end) invalidDeclaration(what, "end", "another type than start", end);
}
