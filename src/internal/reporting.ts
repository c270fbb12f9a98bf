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
      const causes = error.errors.map(errorText).join("; ");
      return error.message === "" ? causes : `${error.message}: ${causes}`;
    }
    return error instanceof Error ? error.message || error.name : String(error);
  } catch {
    return "an error that cannot be shown";
  }
}
