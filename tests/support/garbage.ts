/**
 * Collects garbage, on Deno, Node and Bun.
 *
 * @module
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

interface BunGlobal {
  gc(sync: boolean): void;
}

/** All that nobody holds is gone when it returns. */
export const collectGarbage: () => void = (() => {
  const { Bun } = globalThis as { Bun?: BunGlobal };
  if (Bun !== undefined) return () => Bun.gc(true);
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc");
})();
