import type { Logger } from "./logger.ts";

/**
 * Logs one line under the package's name. A logger that throws changes nothing else.
 *
 * @returns whether the logger took it
 */
export function report(logger: Logger, text: string): boolean {
  try {
    logger.warn(`busbar: ${text}`);
    return true;
  } catch {
    return false;
  }
}

/** What an error says, whatever was thrown; of several errors, what each says. */
export function errorText(error: unknown): string {
  try {
    if (error instanceof AggregateError) {
      return [error.message || error.name, error.errors.map(errorText).join("; ")].join(": ");
    }
    return error instanceof Error ? error.message || error.name : String(error);
  } catch {
    return typeof error;
  }
}
