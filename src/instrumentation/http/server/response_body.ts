/** What becomes of a response's body, told once. */
export interface BodyListener {
  /** It has been read to its end. */
  ended(): void;
  /** Nobody reads on. */
  cancelled(): void;
  /** It failed under way. */
  failed(error: unknown): void;
}

/** Bodies of such types are made whole, as `new Response(text)` and `Response.json` do. */
const WHOLE_TYPES = /^(?:text\/plain|application\/json)(?:;\s*charset=utf-8)?$/i;
/** And streams are mostly of these. */
const STREAMED_TYPES = /^(?:text\/event-stream|application\/(?:octet-stream|x-ndjson|jsonl))\b/i;

/**
 * Whether a response's body is to be followed to its end. To ask for a body makes it a stream, which
 * is not free, so that its headers are asked first.
 *
 * @param isTold whether the server tells when it has sent the response
 */
export function isStreamed(method: string, response: Response, isTold: boolean): boolean {
  const { status, headers } = response;
  if (method === "HEAD" || status < 200 || status === 204 || status === 205 || status === 304) {
    return false;
  }
  if (headers.has("content-length")) return false;
  const type = headers.get("content-type");
  if (isTold && type !== null && !STREAMED_TYPES.test(type)) return false;
  // Texts have no type before Bun sends them; streams mostly have one.
  if (type === null ? "Bun" in globalThis : WHOLE_TYPES.test(type)) return false;
  return response.body !== null && !response.bodyUsed && !response.body.locked;
}

/** The same response, whose body is listened to: nothing is read before it is asked for. */
export function followBody(response: Response, listener: BodyListener): Response {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      let part: ReadableStreamReadResult<Uint8Array>;
      try {
        part = await reader.read();
      } catch (error) {
        listener.failed(error);
        throw error;
      }
      if (part.done) {
        controller.close();
        listener.ended();
      } else {
        controller.enqueue(part.value);
      }
    },
    cancel(reason) {
      listener.cancelled();
      return reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
  return new Response(body, response);
}
