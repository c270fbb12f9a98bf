import { REQUESTS_ARE_APART } from "../../../internal/neutral_context.ts";

/** What Node calls back with. */
type Callback<Value> = (error: Error | null, value: Value) => void;

/** What is known of a file. */
export interface FileStats {
  readonly ino: number;
  readonly size: number;
}

/** The files of Node, as far as they are used. */
export interface FileSystem {
  mkdir(path: string, options: { recursive: true }, done: Callback<unknown>): void;
  open(path: string, flags: string, mode: number, done: Callback<number>): void;
  close(file: number, done: Callback<void>): void;
  stat(path: string, done: Callback<FileStats>): void;
  write(
    file: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number,
    done: Callback<number>,
  ): void;
  ftruncate(file: number, length: number, done: Callback<void>): void;
  readdir(path: string, done: Callback<string[]>): void;
  unlink(path: string, done: Callback<void>): void;
  mkdirSync(path: string, options: { recursive: true }): unknown;
  openSync(path: string, flags: string, mode: number): number;
  closeSync(file: number): void;
  statSync(path: string): FileStats;
  ftruncateSync(file: number, length: number): void;
  writeSync(
    file: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): number;
}

interface Runtime {
  readonly process?: { getBuiltinModule?(id: string): FileSystem | undefined };
}

/** The files of this process; `undefined` where there are none, as on a page. */
export function fileSystem(): FileSystem | undefined {
  // A worker has some by name alone.
  if (REQUESTS_ARE_APART) return undefined;
  return (globalThis as Runtime).process?.getBuiltinModule?.("node:fs");
}

/** Calls what calls back. */
export function called<Value>(call: (done: Callback<Value>) => void): Promise<Value> {
  return new Promise((resolve, reject) => {
    call((error, value) => error ? reject(error) : resolve(value));
  });
}

/** Whether there is no such file. */
export function isAbsent(error: unknown): boolean {
  return codeOf(error) === "ENOENT";
}

/** Whether there is such a file already. */
export function isPresent(error: unknown): boolean {
  return codeOf(error) === "EEXIST";
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code;
}
