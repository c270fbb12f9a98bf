/** A value as an error message shows it: text in quotes. It never throws. */
export function format(value: unknown): string {
  try {
    return typeof value === "string" || Array.isArray(value)
      ? JSON.stringify(value)
      : String(value);
  } catch {
    return typeof value;
  }
}

/**
 * Throws the error that every bad argument gets.
 *
 * @param action what cannot be done, such as `"create EventBus"`
 */
export function invalidArgument(
  ErrorClass: ErrorConstructor,
  action: string,
  argument: string,
  rule: string,
  value: unknown,
): never {
  throw new ErrorClass(`Cannot ${action}: ${argument} must be ${rule}, received ${format(value)}`);
}

/** Refuses a value that is no function. */
export function assertFunction(action: string, argument: string, value: unknown): void {
  if (typeof value !== "function") {
    invalidArgument(TypeError, action, argument, "a function", value);
  }
}

/** Refuses a value that is no number above 0. `Infinity` is one. */
export function assertAboveZero(action: string, argument: string, value: unknown): void {
  if (typeof value !== "number" || !(value > 0)) {
    invalidArgument(RangeError, action, argument, "a number above 0", value);
  }
}

/** Refuses a value that is no integer of at least 1. */
export function assertPositiveInteger(action: string, argument: string, value: unknown): void {
  if (!Number.isInteger(value) || value as number < 1) {
    invalidArgument(RangeError, action, argument, "a positive integer", value);
  }
}

/** Refuses a value that is no object with a method of that name. */
export function assertMethod(
  action: string,
  argument: string,
  value: unknown,
  method: string,
): void {
  if (typeof (value as Record<string, unknown> | null | undefined)?.[method] !== "function") {
    invalidArgument(TypeError, action, argument, `an object with a method ${method}`, value);
  }
}
