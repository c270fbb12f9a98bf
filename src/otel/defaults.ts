/** The name of the instrumentation scope of what Busbar makes. */
export const DEFAULT_SCOPE_NAME = "busbar";

/** The resource's `service.name` where nobody gives one. */
export const DEFAULT_SERVICE_NAME = "unknown_service";
