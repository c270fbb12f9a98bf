/** One request to the language model that the cache serves. */
export interface Request {
  /** When it came, in milliseconds since the first. */
  readonly timestampMs: number;
  /** The ids of the prompt's chunks; each stands for the chunk and all before it. */
  readonly chunkIds: readonly number[];
}
