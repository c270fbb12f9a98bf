/** The attribute that holds an event's session by default, as OpenTelemetry's conventions name it. */
export const DEFAULT_SESSION_ID_ATTRIBUTE = "session.id";
