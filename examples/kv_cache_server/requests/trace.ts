import { aborted } from "../stop.ts";
import { clean, show } from "../terminal/text.ts";

/** One request to the language model that the cache serves. */
export interface Request {
  /** When it came, in milliseconds since the first. */
  readonly timestampMs: number;
  /** The ids of the prompt's chunks; each stands for the chunk and all before it. */
  readonly chunkIds: readonly number[];
}

/** How long a line may be, in characters: one of half a million short ids fits. */
export const MAX_LINE_LENGTH = 2 ** 20;
const MAX_TIMESTAMP_MS = Number.MAX_SAFE_INTEGER;

/** Thrown when a trace cannot be read; its message is meant for the user. */
export class TraceError extends Error {
  override readonly name = "TraceError";
}

/**
 * Reads a trace, one JSON object a line: `{"timestamp": ms, "hash_ids": [id, …], …}`.
 *
 * @param path a file, or `-` for the standard input
 * @param signal ends it, also while it waits for more
 * @throws {TraceError} if it cannot be read, a line is no request, or one does not end
 */
export async function* readTrace(path: string, signal?: AbortSignal): AsyncGenerator<Request> {
  // A pipe that nobody writes to is opened when somebody does.
  const file = path === "-" ? Deno.stdin : await Promise.race([open(path), aborted(signal)]);
  if (file === undefined) return;
  const text = file.readable.pipeThrough(new TextDecoderStream(), signal && { signal });
  let number = 0;
  let rest = "";
  try {
    for await (const part of text) {
      const lines = (rest + part).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        number++;
        if (line.trim() !== "") yield parseLine(line, number);
      }
      if (rest.length > MAX_LINE_LENGTH) {
        throw new TraceError(`line ${number + 1} is longer than ${MAX_LINE_LENGTH} characters`);
      }
    }
    if (rest.trim() !== "") yield parseLine(rest, number + 1);
  } catch (error) {
    if (signal?.aborted) return;
    throw unreadable(path, error);
  }
}

async function open(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Looks whether there is something to read, before anything begins. @throws {TraceError} if not */
export async function checkTrace(path: string): Promise<void> {
  if (path === "-") return;
  try {
    if ((await Deno.stat(path)).isDirectory) throw new Error("it is a directory");
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): TraceError {
  const why = error instanceof Deno.errors.NotFound
    ? "there is no such file"
    : error instanceof Error
    ? error.message
    : String(error);
  return new TraceError(`Cannot read trace ${clean(path)}: ${clean(why)}`);
}

function parseLine(line: string, number: number): Request {
  const refuse = (rule: string, received: string): never => {
    throw new TraceError(`line ${number}: ${rule}, received ${received}`);
  };
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return refuse("it must be JSON", show(line));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return refuse("it must be a JSON object", show(value));
  }
  const { timestamp, hash_ids: chunkIds } = value as Record<string, unknown>;
  if (!(typeof timestamp === "number" && timestamp >= 0 && timestamp <= MAX_TIMESTAMP_MS)) {
    return refuse(`timestamp must be a number from 0 to ${MAX_TIMESTAMP_MS}`, show(timestamp));
  }
  if (!Array.isArray(chunkIds)) {
    return refuse("hash_ids must be an array of integers", show(chunkIds));
  }
  const wrong = chunkIds.findIndex((id) => !Number.isSafeInteger(id));
  if (wrong !== -1) {
    const rule = `hash_ids[${wrong}] must be an integer of at most ${Number.MAX_SAFE_INTEGER}`;
    return refuse(`${rule} either way`, show(chunkIds[wrong]));
  }
  return { timestampMs: timestamp, chunkIds };
}
