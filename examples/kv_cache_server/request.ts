/** One request to the language model that the cache serves. */
export interface Request {
  /** When it came, in milliseconds since the first. */
  readonly timestampMs: number;
  /** The ids of the prompt's blocks; each stands for the block and all before it. */
  readonly blockIds: readonly number[];
}
