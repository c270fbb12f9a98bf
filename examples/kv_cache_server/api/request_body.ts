import type { ChunkId } from "../cache/chunk.ts";
import { show } from "../terminal/text.ts";

/** How many bytes a request's body may have. */
export const MAX_BODY_BYTES = 1_000_000;
/** How many chunks a request may name: the event loop is for others, too. */
export const MAX_CHUNKS = 16_384;
const MAX_NAME_LENGTH = 128;

/** What all three requests say. */
export interface CacheRequest {
  readonly model: string;
  readonly tenant: string;
  readonly session: string | undefined;
  readonly chunks: readonly ChunkId[];
}

/** Thrown when a request cannot be answered; its message is meant for the client. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Reads and checks a request's body.
 *
 * @throws {RequestError} if it is too large, no JSON, or not what is asked for
 */
export async function readCacheRequest(request: Request): Promise<CacheRequest> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    // A page of another origin cannot send this type without being asked for leave first.
    throw new RequestError(415, "content-type must be application/json");
  }
  let value: unknown;
  try {
    value = JSON.parse(await readText(request));
  } catch (error) {
    if (error instanceof RequestError) throw error;
    throw new RequestError(400, "the body must be JSON in UTF-8");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return refuse("the body", "a JSON object", value);
  }
  const { model = "demo-model", tenant = "", session, chunks, ...rest } = value as Record<
    string,
    unknown
  >;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) {
    const known = "model, tenant, session and chunks";
    throw new RequestError(400, `there is no field ${show(unknown)}, only ${known}`);
  }
  if (session !== undefined) assertName("session", session, 1);
  assertName("model", model, 1);
  assertName("tenant", tenant, 0);
  if (!Array.isArray(chunks) || chunks.length === 0) {
    return refuse("chunks", "a list of at least one id", chunks);
  }
  if (chunks.length > MAX_CHUNKS) {
    throw new RequestError(413, `chunks must be at most ${MAX_CHUNKS}, received ${chunks.length}`);
  }
  const wrong = chunks.findIndex((id) => !isChunkId(id));
  if (wrong !== -1) {
    const rule = `an integer, or a string of 1 to ${MAX_NAME_LENGTH} characters`;
    return refuse(`chunks[${wrong}]`, rule, chunks[wrong]);
  }
  return { model, tenant, session, chunks };
}

/** Reads no more than it may, whatever the request says of its length. */
async function readText(request: Request): Promise<string> {
  const tooLarge = new RequestError(413, `the body must have at most ${MAX_BODY_BYTES} bytes`);
  if (Number(request.headers.get("content-length")) > MAX_BODY_BYTES) throw tooLarge;
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw tooLarge;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function assertName(field: string, value: unknown, min: number): asserts value is string {
  if (typeof value === "string" && value.length >= min && value.length <= MAX_NAME_LENGTH) return;
  refuse(field, `a string of ${min} to ${MAX_NAME_LENGTH} characters`, value);
}

function refuse(what: string, rule: string, value: unknown): never {
  throw new RequestError(400, `${what} must be ${rule}, received ${show(value)}`);
}

function isChunkId(value: unknown): value is ChunkId {
  return Number.isSafeInteger(value) ||
    typeof value === "string" && value.length > 0 && value.length <= MAX_NAME_LENGTH;
}
