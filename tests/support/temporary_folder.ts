/**
 * Folders for tests, on Deno, Node and Bun alike.
 *
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";

/**
 * A folder of its own, which is removed at the end of its scope. Declare it before what writes to
 * it: `await using` ends things in the opposite order.
 */
export interface TemporaryFolder extends AsyncDisposable {
  /** Without a slash at its end. */
  readonly path: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Makes an empty one. */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(`${tmpdir()}/busbar-`);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
