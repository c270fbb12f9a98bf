import type { Request } from "./request.ts";

/** Thrown when a trace cannot be read; its message is meant for the user. */
export class TraceError extends Error {
  override readonly name = "TraceError";
}

/**
 * Reads a trace, one JSON object a line: `{"timestamp": ms, "hash_ids": [id, …], …}`.
 *
 * @throws {TraceError} if the file cannot be opened, or a line is no request
 */
export async function* readTrace(path: string): AsyncGenerator<Request> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "there is no such file" : String(error);
    throw new TraceError(`Cannot read trace ${path}: ${why}`);
  }
  let number = 0;
  let rest = "";
  try {
    for await (const text of file.readable.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        number++;
        if (line.trim() !== "") yield parseLine(line, path, number);
      }
    }
  } catch (error) {
    if (error instanceof TraceError) throw error;
    throw new TraceError(
      `Cannot read trace ${path}: ${error instanceof Error ? error.message : error}`,
    );
  }
  if (rest.trim() !== "") yield parseLine(rest, path, number + 1);
}

function parseLine(line: string, path: string, number: number): Request {
  const refuse = (why: string): never => {
    throw new TraceError(`Cannot read trace ${path}: line ${number}: ${why}`);
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
