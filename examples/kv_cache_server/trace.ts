import type { Request } from "./request.ts";

/** How long a line may be, in characters: one of half a million short ids fits. */
export const MAX_LINE_LENGTH = 2 ** 20;

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
  const refuse = (why: string): never => {
    throw new TraceError(`Cannot read trace ${path}: ${why}`);
  };
  const input = path === "-" ? Deno.stdin.readable : (await open(path, refuse)).readable;
  const text = input.pipeThrough(new TextDecoderStream(), signal && { signal });
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
    refuse(error instanceof Error ? error.message : String(error));
  }
}

async function open(path: string, refuse: (why: string) => never): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path);
  } catch (error) {
    return refuse(
      error instanceof Deno.errors.NotFound ? "there is no such file" : (error as Error).message,
    );
  }
}

function parseLine(line: string, number: number): Request {
  const refuse = (why: string): never => {
    throw new TraceError(`line ${number}: ${why}`);
  };
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return refuse(`it is not JSON (${(error as Error).message})`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return refuse("it must be a JSON object");
  }
  const { timestamp, hash_ids: chunkIds } = value as Record<string, unknown>;
  if (typeof timestamp !== "number" || timestamp < 0) {
    return refuse(
      `timestamp must be a number of at least 0, received ${JSON.stringify(timestamp)}`,
    );
  }
  if (!Array.isArray(chunkIds) || !chunkIds.every((id) => Number.isSafeInteger(id))) {
    return refuse("hash_ids must be an array of integers");
  }
  return { timestampMs: timestamp, chunkIds };
}
