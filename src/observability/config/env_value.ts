/** Returns an environment variable, or `undefined` if it is not set. */
export type EnvReader = (name: string) => string | undefined;

/** What a setting is by the environment. */
export interface EnvValue {
  /** The variable that says it. */
  readonly name: string;
  readonly value: unknown;
}
