/** Where and how OTLP goes. */
export interface OtlpTarget {
  /** The whole URL, such as `http://127.0.0.1:4318/v1/traces`. */
  readonly url: string;
  /** Sent with each request; may hold secrets, and is never shown. */
  readonly headers: Readonly<Record<string, string>>;
  /** How long one export may take, its retries included, in milliseconds. */
  readonly timeoutMs: number;
}

/** An export that was not, or not wholly, taken. */
export class OtlpExportError extends Error {
  /** Names this class of errors. */
  override readonly name = "OtlpExportError";
  /** How many items were refused; `undefined`: all of them. */
  readonly rejectedCount: number | undefined;

  /** Says why, and how many were refused. */
  constructor(message: string, rejectedCount?: number, options?: ErrorOptions) {
    super(message, options);
    this.rejectedCount = rejectedCount;
  }
}

/** Statuses that OTLP/HTTP asks to retry (opentelemetry.io/docs/specs/otlp/#failures-1). */
const RETRYABLE_STATUSES: readonly number[] = [429, 502, 503, 504];
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 5_000;
/** A receiver's answer is a few bytes; a longer one is not read. */
const MAX_ANSWER_BYTES = 64 * 1_024;

/**
 * Posts OTLP payloads with `fetch`. What a receiver asks to retry (429, 502, 503, 504), and what did
 * not reach one, is tried again within the deadline: after `Retry-After` where it is given, else
 * backing off with jitter.
 *
 * The official exporters' own transports read environment variables when they are made, which a
 * Deno process may not be permitted to; this one reads none.
 */
export class OtlpTransport {
  readonly #target: OtlpTarget;
  readonly #contentType: string;
  readonly #ended = new AbortController();

  /** Opens nothing. */
  constructor(target: OtlpTarget, contentType: string) {
    this.#target = target;
    this.#contentType = contentType;
  }

  /**
   * Sends one payload.
   *
   * @returns the receiver's answer
   * @throws {OtlpExportError} if it was not taken within the deadline
   */
  async send(payload: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    const deadline = performance.now() + this.#target.timeoutMs;
    let retryMs = FIRST_RETRY_MS;
    while (true) {
      const attempt = await this.#attempt(payload, deadline - performance.now());
      if (attempt.answer !== undefined) return attempt.answer;
      const waitMs = attempt.retryAfterMs ?? retryMs * (0.8 + Math.random() * 0.4);
      retryMs = Math.min(retryMs * 1.5, MAX_RETRY_MS);
      if (
        !attempt.retryable || performance.now() + waitMs >= deadline || this.#ended.signal.aborted
      ) {
        throw new OtlpExportError(attempt.why);
      }
      await pause(waitMs, this.#ended.signal);
    }
  }

  /** Cuts short what waits for a retry. */
  shutdown(): void {
    this.#ended.abort();
  }

  async #attempt(payload: Uint8Array<ArrayBuffer>, timeoutMs: number): Promise<Attempt> {
    const { url, headers } = this.#target;
    const cut = new AbortController();
    const timer = setTimeout(() => cut.abort(), Math.max(0, timeoutMs));
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { ...headers, "content-type": this.#contentType },
        body: payload,
        signal: cut.signal,
        redirect: "error",
      });
      const answer = await readAnswer(response);
      if (response.ok) return { answer, retryable: false, why: "" };
      return {
        retryable: RETRYABLE_STATUSES.includes(response.status),
        retryAfterMs: parseRetryAfter(response.headers.get("retry-after"), Date.now()),
        why: `the receiver answered ${response.status}`,
      };
    } catch (error) {
      return cut.signal.aborted
        ? { retryable: false, why: `no answer within ${this.#target.timeoutMs} ms` }
        : { retryable: true, why: error instanceof Error ? error.message : String(error) };
    } finally {
      clearTimeout(timer);
    }
  }
}

interface Attempt {
  readonly answer?: Uint8Array;
  readonly retryable: boolean;
  readonly retryAfterMs?: number | undefined;
  readonly why: string;
}

/** `Retry-After`: seconds, or a date (RFC 9110, section 10.2.3). */
function parseRetryAfter(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1_000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

async function readAnswer({ body }: Response): Promise<Uint8Array> {
  if (body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early cancels the rest of the body.
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > MAX_ANSWER_BYTES) break;
    chunks.push(chunk);
  }
  const answer = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0));
  let offset = 0;
  for (const chunk of chunks) {
    answer.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return answer;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
