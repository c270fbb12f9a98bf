import { followBody, isStreamed } from "./response_body.ts";
import { lengthOf, type ServerRequest } from "./server_request.ts";

/** What servers hand over beside the request, as far as it tells when a response has been sent. */
interface ServerInfo {
  /** Of `Deno.serve`. */
  readonly completed?: unknown;
}

/**
 * Ends a request with its response, when that has ended.
 *
 * @param info what the server handed over beside the request
 * @param ended called then
 * @returns the response, to be sent in place of the one that was given
 */
export function observeResponse(
  observed: ServerRequest,
  method: string,
  response: unknown,
  info: unknown,
  ended: (() => void) | undefined,
): unknown {
  if (!isResponse(response)) {
    // A server of Bun that has upgraded the connection takes nothing; others refuse it.
    const isUpgrade = response === undefined && "Bun" in globalThis;
    if (isUpgrade) observed.end({ status: 101 });
    else observed.fail(new TypeError("The handler returned no Response"), 500);
    ended?.();
    return response;
  }
  const { status } = response;
  const bytes = lengthOf(response.headers.get("content-length"));
  let isOver = false;
  const end = (aborted = false) => {
    if (isOver) return;
    isOver = true;
    observed.end({ status, bytes, aborted });
    ended?.();
  };
  const completed = completedOf(info);
  const isTold = completed !== undefined && status !== 101;
  if (isTold) completed.then(() => end(), () => end(true));
  if (!isStreamed(method, response, isTold)) {
    if (!isTold) end();
    return response;
  }
  return followBody(response, {
    ended: () => {
      if (!isTold) end();
    },
    cancelled: () => end(true),
    failed: (error) => {
      if (isOver) return;
      isOver = true;
      observed.fail(error, status);
      ended?.();
    },
  });
}

/**
 * Ends a request whose response fails under way: its server tells of all else.
 *
 * @returns the response, to be sent in place of the one that was given
 */
export function followFailure(
  observed: ServerRequest,
  method: string,
  response: Response,
): Response {
  const { status, headers } = response;
  // To ask a text without a type for its body would make it a stream.
  if (!headers.has("content-type") || !isStreamed(method, response, true)) return response;
  return followBody(response, {
    ended() {},
    cancelled() {},
    failed: (error) => observed.fail(error, status),
  });
}

function isResponse(value: unknown): value is Response {
  return typeof value === "object" && value !== null &&
    typeof (value as { status?: unknown }).status === "number" && "headers" in value;
}

function completedOf(info: unknown): PromiseLike<unknown> | undefined {
  if (typeof info !== "object" || info === null) return undefined;
  const { completed } = info as ServerInfo;
  return typeof (completed as { then?: unknown } | undefined)?.then === "function"
    ? completed as PromiseLike<unknown>
    : undefined;
}
