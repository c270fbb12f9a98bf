/**
 * What the tests import of `node:http`, `node:net`, `node:child_process`, `node:fs` and
 * `node:process`, for a page and a worker: it can be loaded, and says what is not there when it is
 * asked for.
 *
 * @module
 */

/** Thrown to a test that asks for what the runtime does not have; the harness skips it. */
class Missing extends Error {
  /** What the test needs. */
  readonly needs: string;

  constructor(needs: string) {
    super(`This runtime has no ${needs.replace(/^an? /, "")}`);
    this.needs = needs;
  }
}

const missing = (needs: string) => (): never => {
  throw new Missing(needs);
};

export const createServer = missing("a port to listen on");
export const request = createServer;
export const connect = createServer;
export const networkInterfaces = createServer;
export const spawn = missing("a process to start");
export const spawnSync = spawn;
export const mkdtemp = missing("a folder to write to");
export const writeFile = mkdtemp;
export const rm = mkdtemp;
export const readdir = mkdtemp;
export const readFile = mkdtemp;
export const tmpdir = mkdtemp;

export default {
  env: {} as Record<string, string | undefined>,
  versions: {},
  get execPath(): never {
    throw new Missing("a process to start");
  },
};
