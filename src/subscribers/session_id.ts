import { invalidArgument } from "../internal/arguments.ts";

/**
 * The attribute that holds an event's session by default, as OpenTelemetry's conventions name it.
 */
export const DEFAULT_SESSION_ID_ATTRIBUTE = "session.id";

/** Refuses what cannot name an attribute. */
export function assertSessionIdAttribute(action: string, value: unknown): void {
  if (typeof value !== "string" || value === "") {
    invalidArgument(TypeError, action, "sessionIdAttribute", "a text that is not empty", value);
  }
}
