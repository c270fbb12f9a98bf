import { nameOf } from "../../internal/reporting.ts";

/** The kind of an error as metrics may have it: the name that it or its class has. */
export function errorTypeOf(error: Error): string {
  const name = nameOf(error);
  return name === "(anonymous)" ? "Error" : name;
}

/** What log records tell of an error, by the conventions. */
export function exceptionAttributes(error: Error | undefined) {
  if (error === undefined) return undefined;
  return {
    "exception.type": errorTypeOf(error),
    "exception.message": textOf(error, "message"),
    "exception.stacktrace": textOf(error, "stack"),
  };
}

/** An error of somebody's may have getters that throw. */
function textOf(error: Error, field: "message" | "stack"): string | undefined {
  try {
    const text: unknown = error[field];
    return typeof text === "string" ? text : undefined;
  } catch {
    return undefined;
  }
}
