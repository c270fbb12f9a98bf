/**
 * Thrown if a flag or an environment variable has an invalid value, or two settings contradict each
 * other. Its message is meant for the person who starts the program; it never contains the value of
 * a header.
 */
export class ConfigurationError extends Error {
  /** The class's name. */
  override readonly name = "ConfigurationError";
  /** Where the invalid value came from: a flag, a variable, or the path of an option. */
  readonly source: string;

  /**
   * Creates the error; its message consists of both arguments.
   *
   * @param source where the invalid value came from
   * @param problem what is wrong with it
   */
  constructor(source: string, problem: string) {
    super(`${source}: ${problem}`);
    this.source = source;
  }
}
