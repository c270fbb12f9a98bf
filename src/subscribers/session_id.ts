import { invalidArgument } from "../internal/arguments.ts";

/**
 * The attribute of log records that holds the session by default, as OpenTelemetry's conventions
 * name it. Spans hold it only if asked.
 */
export const DEFAULT_SESSION_ID_ATTRIBUTE = "session.id";

/** Refuses what cannot name an attribute. */
export function assertAttributeName(action: string, option: string, value: unknown): void {
  if (typeof value !== "string" || value === "") {
    invalidArgument(TypeError, action, option, "a text that is not empty", value);
  }
}
