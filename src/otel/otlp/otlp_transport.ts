import { clearTimer, monotonicMs, setTimer, wallMs } from "../../internal/clocks.ts";
import { context, createContextKey } from "@opentelemetry/api";
import { assertAboveZero, invalidArgument } from "../../internal/arguments.ts";
import { MAX_DELAY_MS, pause } from "../../internal/timers.ts";
import { VERSION } from "../version.ts";
import { shownUrl } from "./exporter_url.ts";
import { readBody, refusalText } from "./otlp_response.ts";
import type { OtlpTarget } from "./otlp_target.ts";
import type { SendGate } from "./send_gate.ts";

/** The error of an export that the receiver did not accept, or only in part. */
export class OtlpExportError extends Error {
  /** Names this class of errors. */
  override readonly name = "OtlpExportError";
  /** How many items were rejected; `undefined` if all of them were. */
  readonly rejectedCount: number | undefined;

  /** Says why, and how many were refused. */
  constructor(message: string, rejectedCount?: number, options?: ErrorOptions) {
    super(message, options);
    this.rejectedCount = rejectedCount;
  }
}

/** A payload that the receiver takes in no retry, since it is too large. */
export class PayloadTooLargeError extends OtlpExportError {}

const ACTION = "create an OTLP exporter";
const FRAMING = ["content-encoding", "content-length", "transfer-encoding"];
/** Statuses that OTLP/HTTP asks to retry (opentelemetry.io/docs/specs/otlp/#failures-1). */
const RETRYABLE_STATUSES: readonly number[] = [429, 502, 503, 504];
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 5_000;
/** However short the receiver says that the waits should be. */
const MAX_ATTEMPTS = 6;
/** What the SDKs' instrumentations look for, so that an export makes no spans of its own. */
const SUPPRESS_TRACING = createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING");
const SHUT_DOWN = "the exporter was shut down";
const EMPTY = new Uint8Array();
/** By the specification of OTLP exporters, "User Agent". */
const USER_AGENT = `Busbar-OTLP-Exporter-JavaScript/${VERSION}`;
/** RFC 9110, section 15.5.14. */
const PAYLOAD_TOO_LARGE = 413;

/**
 * Posts OTLP payloads with `fetch`. What a receiver asks to retry (429, 502, 503, 504), and what
 * did not reach one, is tried again within the deadline: after `Retry-After` where it is given,
 * else backing off with jitter.
 *
 * The official exporters' own transports read environment variables when they are made, which a
 * Deno process may not be permitted to; this one reads none.
 */
export class OtlpTransport {
  /** Where it sends to, without what may be secret. */
  readonly url: string;
  readonly #target: OtlpTarget;
  readonly #headers: Headers;
  readonly #gate: SendGate | undefined;
  readonly #ended = new AbortController();

  /**
   * Opens nothing.
   *
   * @throws {TypeError} if the endpoint is not an http or https URL, a header cannot be sent, or
   * the compression is unknown
   * @throws {RangeError} if `timeoutMs` is not above 0
   */
  constructor(target: OtlpTarget, contentType: string, gate?: SendGate) {
    const { endpoint, headers, timeoutMs, compression } = target;
    if (!/^https?:$/.test(URL.parse(endpoint)?.protocol ?? "")) {
      invalidArgument(TypeError, ACTION, "endpoint", "an http or https URL", endpoint);
    }
    const { username, password } = new URL(endpoint);
    if (username !== "" || password !== "") {
      throw new TypeError(
        `Cannot ${ACTION}: endpoint must be without a user name and password, which fetch ` +
          "refuses (they are not shown)",
      );
    }
    assertHeaders(headers);
    assertAboveZero(ACTION, "timeoutMs", timeoutMs);
    if (compression !== "none" && compression !== "gzip") {
      invalidArgument(TypeError, ACTION, "compression", `"none" or "gzip"`, compression);
    }
    this.#target = target;
    this.#gate = gate;
    // Whatever their case: a header of the user's that is ours too must not be sent twice.
    this.#headers = new Headers(headers);
    // How a body is sent is not the user's to say: it would be another body, or none.
    for (const name of FRAMING) this.#headers.delete(name);
    this.#headers.set("content-type", contentType);
    if (compression === "gzip") this.#headers.set("content-encoding", "gzip");
    const userAgent = this.#headers.get("user-agent");
    // A page's would need a permission of the receiver (CORS), and is set by the browser.
    if (!isBrowser()) {
      this.#headers.set("user-agent", userAgent ? `${userAgent} ${USER_AGENT}` : USER_AGENT);
    }
    this.url = shownUrl(endpoint);
  }

  /**
   * Sends one payload.
   *
   * @param deadlineMs when it must have been accepted, by the monotonic clock
   * @returns the body of the receiver's response
   * @throws {PayloadTooLargeError} if the receiver takes no payload of that size
   * @throws {OtlpExportError} if it was not accepted within the deadline
   */
  async send(payload: Uint8Array<ArrayBuffer>, deadlineMs: number): Promise<Uint8Array> {
    const sent = this.#target.compression === "gzip" ? await gzip(payload) : payload;
    let retryMs = FIRST_RETRY_MS;
    for (let attempts = 1;; attempts++) {
      // Nothing goes out after a shutdown, which also cuts what is under way.
      if (this.#ended.signal.aborted) throw new OtlpExportError(SHUT_DOWN);
      const attempt = await context.with(
        context.active().setValue(SUPPRESS_TRACING, true),
        () => this.#attempt(sent, deadlineMs - monotonicMs()),
      );
      if (attempt.body !== undefined) return attempt.body;
      const waitMs = attempt.retryAfterMs ?? retryMs * (0.8 + Math.random() * 0.4);
      retryMs = Math.min(retryMs * 1.5, MAX_RETRY_MS);
      if (
        !attempt.retryable || attempts >= MAX_ATTEMPTS ||
        monotonicMs() + waitMs >= deadlineMs || this.#ended.signal.aborted
      ) {
        throw attempt.isTooLarge
          ? new PayloadTooLargeError(attempt.why)
          : new OtlpExportError(attempt.why);
      }
      await pause(waitMs, this.#ended.signal);
    }
  }

  /** Cuts short what is under way or waits for a retry; nothing is sent after it. */
  shutdown(): void {
    this.#ended.abort();
  }

  async #attempt(payload: Uint8Array<ArrayBuffer>, timeoutMs: number): Promise<Attempt> {
    const { endpoint } = this.#target;
    const gate = this.#gate;
    const refusal = gate?.open();
    if (refusal !== undefined) return { retryable: false, why: refusal };
    let isAccepted = false;
    const cut = new AbortController();
    const timer = setTimer(() => cut.abort(), Math.min(Math.max(0, timeoutMs), MAX_DELAY_MS));
    const end = () => cut.abort();
    this.#ended.signal.addEventListener("abort", end);
    try {
      const response = await fetch(endpoint, {
        method: "POST",
        headers: this.#headers,
        body: payload,
        signal: cut.signal,
        // A redirect would lose the body or the headers' secrets: its status is reported instead.
        redirect: "manual",
      });
      isAccepted = response.ok;
      gate?.close(isAccepted);
      if (response.ok) {
        // The status says that the payload was accepted: sent again it would be there twice.
        const body = await readBody(response).catch(() => EMPTY);
        return body === undefined
          ? { retryable: false, why: "the receiver's response is longer than 4 MiB" }
          : { body, retryable: false, why: "" };
      }
      const { status } = response;
      return {
        retryable: RETRYABLE_STATUSES.includes(status),
        isTooLarge: status === PAYLOAD_TOO_LARGE,
        retryAfterMs: parseRetryAfter(response.headers.get("retry-after"), wallMs()),
        why: `the receiver responded with ${status}${await refusalText(response)}`,
      };
    } catch (error) {
      gate?.close(isAccepted);
      if (this.#ended.signal.aborted) return { retryable: false, why: SHUT_DOWN };
      return cut.signal.aborted
        ? { retryable: false, why: `no response within ${this.#target.timeoutMs} ms` }
        : { retryable: !isForbidden(error), why: describe(error) };
    } finally {
      clearTimer(timer);
      this.#ended.signal.removeEventListener("abort", end);
    }
  }
}

function isBrowser(): boolean {
  return globalThis.navigator?.userAgent?.startsWith("Mozilla/") === true;
}

/** Names and values of header fields (RFC 9110, sections 5.1 and 5.5). */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** At once, and without the values: in an error of `fetch` they would be logged with each loss. */
function assertHeaders(headers: Readonly<Record<string, string>>): void {
  // Not left to `Headers`, which takes other values than `fetch` on some runtimes.
  const isValid = ([name, value]: [string, string]) =>
    HEADER_NAME.test(name) && HEADER_VALUE.test(value);
  if (!Object.entries(headers).every(isValid)) {
    throw new TypeError(
      `Cannot ${ACTION}: headers must be names with printable values, received ` +
        `something else for ${Object.keys(headers).join(", ")} (values are not shown)`,
    );
  }
}

interface Attempt {
  /** The response's, if the payload was accepted. */
  readonly body?: Uint8Array;
  readonly retryable: boolean;
  readonly isTooLarge?: boolean;
  readonly retryAfterMs?: number | undefined;
  readonly why: string;
}

/** `Retry-After`: seconds, or a date (RFC 9110, section 10.2.3); `undefined` if it is neither. */
function parseRetryAfter(value: string | null, nowMs: number): number | undefined {
  const text = value?.trim() ?? "";
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  // A date has a weekday; of a bare number `Date.parse` would make a year long ago.
  const at = /^[a-z]{3}/i.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

/** Whether the runtime does not let the process go there: trying again would not help. */
function isForbidden(error: unknown): boolean {
  return error instanceof Error &&
    (error.name === "NotCapable" || error.name === "PermissionDenied");
}

/** With its cause, as `fetch` says no more than that it failed; queries may hold secrets. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node says "fetch failed", and why in the cause; that has no message for a name with two addresses.
  const { message, code } = (error.cause ?? {}) as { message?: unknown; code?: unknown };
  const cause = message || code;
  const why = cause ? `${error.message}: ${cause}` : error.message;
  return why.replace(/(https?:\/\/[^\s)?]*)\?[^\s)]*/gi, "$1?…");
}

async function gzip(payload: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const compressed = new Blob([payload]).stream().pipeThrough(new CompressionStream("gzip"));
  return await new Response(compressed).bytes();
}
