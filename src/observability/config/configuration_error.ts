/**
 * Thrown when a flag or a variable of the environment has a bad value, and when two settings
 * contradict each other. Its message is meant for whoever starts the program; it never shows the
 * value of a header.
 */
export class ConfigurationError extends Error {
  /** The class's name. */
  override readonly name = "ConfigurationError";
  /** What the bad value came from: a flag, a variable, or the path of an option. */
  readonly source: string;

  /**
   * Makes the message of both.
   *
   * @param source what the bad value came from
   * @param problem what is wrong with it
   */
  constructor(source: string, problem: string) {
    super(`${source}: ${problem}`);
    this.source = source;
  }
}
