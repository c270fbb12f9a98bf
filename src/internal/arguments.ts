/** A value as an error message shows it. */
export function show(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** Throws what every refusal of this package looks like. */
export function refuse(
  ErrorClass: ErrorConstructor,
  what: string,
  rule: string,
  received: string,
): never {
  throw new ErrorClass(`Cannot ${what} must be ${rule}, received ${received}`);
}

/** Refuses a handler that is no function. @param what such as `"subscribe EventBus: handler"` */
export function assertFunction(what: string, value: unknown): void {
  if (typeof value !== "function") refuse(TypeError, what, "a function", typeof value);
}
