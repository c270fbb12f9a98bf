/**
 * What the conventions call `exception.type`: an error's code as OpenTelemetry's SDK has it, or else its
 * name. The numbers of a `DOMException` are of old, and its name says what it is: `AbortError`, not 20.
 */
export function exceptionType(
  exception: { readonly code?: string | number; readonly name?: string },
): string | undefined {
  const { code, name } = exception;
  const isOld = typeof DOMException === "function" && exception instanceof DOMException;
  return code && !isOld ? `${code}` : name;
}
