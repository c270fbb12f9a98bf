import { assertBaggageNames, currentBaggage, writeBaggage } from "../../context/baggage.ts";
import { currentTrace } from "../../context/current_trace.ts";
import { enter } from "../../context/scope_span.ts";
import { untraced } from "../../internal/otel_registry.ts";
import type { EventContext } from "../../events/event.ts";
import { assertFunction, assertMethod, invalidArgument } from "../../internal/arguments.ts";
import { assertKnownNames } from "../../internal/option_names.ts";
import type { EventBus } from "../../library/event_bus.ts";
import { ClientRequest } from "./client/client_request.ts";
import type { HttpClientEvents } from "./client/events.ts";
import { follow } from "./follow.ts";
import { originFilter } from "./origins.ts";

/** What the standard's `fetch` is called as. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** The options of {@linkcode instrumentFetch}. */
export interface InstrumentFetchOptions {
  /**
   * Where the headers are sent to: origins such as `"https://stock.example"`, all hosts under a name
   * as in `"https://*.stock.example"`, or `"*"` for everywhere. Default: in a page its own origin,
   * elsewhere nowhere, for what they say is not for everybody.
   */
  readonly origins?: readonly string[] | undefined;
  /** The names of the baggage that is sent. Default: none. */
  readonly baggage?: readonly string[] | undefined;
  /**
   * Where the start and the end of each request are published, which `httpClientCatalog` makes a
   * client span and a metric of: of all requests, wherever they go. Default: they are not.
   */
  readonly bus?: EventBus<HttpClientEvents> | undefined;
  /** What sends the requests. Default: the `fetch` that is the global one now. */
  readonly fetch?: Fetch | undefined;
}

const ACTION = "instrument fetch";
const OPTIONS: readonly (keyof InstrumentFetchOptions)[] = ["origins", "baggage", "bus", "fetch"];
/** The most that everyone has to hand on of baggage. */
const MAX_BAGGAGE_LENGTH = 8_192;

/**
 * Returns a `fetch` that sends the trace of the current session or operation along, as the headers
 * `traceparent` and `tracestate`, and the baggage that is named, to the origins that are asked for and
 * to no other.
 *
 * - Headers that a request has already are kept: a `traceparent` of its own is not replaced, baggage is
 *   added to.
 * - Redirects are followed here, so that they take the headers to no other origin either. In a page,
 *   and for a request whose body can be read only once, `fetch` itself follows them, with the headers.
 * - With a `bus`, each request becomes a client span, and the receiver's spans are its children.
 * - What it observes or sends a trace with, OpenTelemetry's own instrumentations of `fetch` leave alone:
 *   a second `traceparent` would make both worthless.
 * - Outside of all sessions it is `fetch` and nothing else, as where there is no `AsyncLocalStorage`;
 *   there, hand the headers over yourself: `fetch(url, { headers: currentTrace(op)?.headers ?? {} })`.
 *
 * @example
 * ```ts
 * import { withSession } from "@busbar/busbar/context";
 * import { instrumentFetch } from "@busbar/busbar/instrumentation/http";
 *
 * const sent: (string | null)[] = [];
 * const fetch = instrumentFetch({
 *   origins: ["https://stock.example"],
 *   fetch: (input, init) => {
 *     sent.push(new Request(input, init).headers.get("traceparent"));
 *     return Promise.resolve(new Response());
 *   },
 * });
 * const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
 * await withSession({ traceparent }, async () => {
 *   await fetch("https://stock.example/tea");
 *   await fetch("https://elsewhere.example/");
 * });
 * if (sent[0] !== traceparent || sent[1] !== null) throw new Error(sent.join());
 * ```
 *
 * @throws {TypeError} if an option is unknown or of the wrong type
 */
export function instrumentFetch(options: InstrumentFetchOptions = {}): Fetch {
  if (typeof options !== "object" || options === null) {
    invalidArgument(TypeError, ACTION, "options", "an object", options);
  }
  assertKnownNames(ACTION, "option", options, OPTIONS);
  const { baggage = [], bus, fetch = globalThis.fetch } = options;
  const isAsked = originFilter(ACTION, options.origins);
  assertBaggageNames(ACTION, "baggage", baggage);
  assertFunction(ACTION, "fetch", fetch);
  if (bus !== undefined) assertMethod(ACTION, "bus", bus, "publish");
  const names = [...baggage];
  const sendOn = (
    input: string | URL | Request,
    init: RequestInit | undefined,
    context?: EventContext,
  ): Promise<Response> => {
    const headers = headersToSend(names, context);
    const url = headers && urlOf(input);
    if (headers === undefined || url === undefined || !isAsked(url)) {
      return context === undefined ? fetch(input, init) : untraced(() => fetch(input, init));
    }
    const sendAsked = () =>
      send(fetch, url, input, init, (hop, given) => {
        if (isAsked(hop)) addHeaders(given, headers);
      });
    // Others would add their headers to these.
    return headers["traceparent"] === undefined ? sendAsked() : untraced(sendAsked);
  };
  return bus === undefined
    ? (input, init) => sendOn(input, init)
    : (input, init) => observe(bus, input, init, sendOn);
}

/** Publishes the start and the end of a request, which is sent in between. */
async function observe(
  bus: EventBus<HttpClientEvents>,
  input: string | URL | Request,
  init: RequestInit | undefined,
  sendOn: (
    input: string | URL | Request,
    init: RequestInit | undefined,
    context?: EventContext,
  ) => Promise<Response>,
): Promise<Response> {
  const url = bus.enabled === false ? undefined : urlOf(input);
  // What is no HTTP, as `data:` and `blob:`, is sent nowhere.
  if (url === undefined || !/^https?:$/.test(url.protocol)) return await sendOn(input, init);
  const method = init?.method ?? (isRequest(input) ? input.method : "GET");
  const request = new ClientRequest(bus, url, String(method).toUpperCase());
  const { scope } = request;
  try {
    const response = await enter(scope, () => sendOn(input, init, scope));
    request.end(response.status);
    return response;
  } catch (error) {
    request.end(undefined, error);
    throw error;
  }
}

/** What goes out of the current session, if anything does. */
function headersToSend(
  names: readonly string[],
  context: EventContext | undefined,
): Readonly<Record<string, string>> | undefined {
  const trace = currentTrace(context)?.headers;
  const baggage = names.length === 0 ? undefined : writeBaggage(currentBaggage(context), names);
  return baggage === undefined ? trace : { ...trace, baggage };
}

function addHeaders(headers: Headers, added: Readonly<Record<string, string>>): void {
  const { traceparent, tracestate, baggage } = added;
  if (traceparent !== undefined && !headers.has("traceparent")) {
    headers.set("traceparent", traceparent);
    if (tracestate === undefined) headers.delete("tracestate");
    else headers.set("tracestate", tracestate);
  }
  if (baggage === undefined) return;
  const own = headers.get("baggage");
  const all = own === null || own === "" ? baggage : `${own},${baggage}`;
  if (all.length <= MAX_BAGGAGE_LENGTH) headers.set("baggage", all);
}

/** `undefined` for what is none: `fetch` says so. */
function urlOf(input: string | URL | Request): URL | undefined {
  const { location } = globalThis as { location?: { readonly href: string } };
  try {
    return new URL(isRequest(input) ? input.url : String(input), location?.href);
  } catch {
    return undefined;
  }
}

function isRequest(input: unknown): input is Request {
  return typeof input === "object" && input !== null && "headers" in input && "url" in input;
}

/** Sends a request whose first hop is asked for. */
function send(
  fetch: Fetch,
  url: URL,
  input: string | URL | Request,
  init: RequestInit | undefined,
  prepare: (url: URL, headers: Headers) => void,
): Promise<Response> {
  // A request as the init has getters alone, which no copy has.
  if (isRequest(init)) return send(fetch, url, new Request(input, init), undefined, prepare);
  const { method, signal, headers: given, body, redirect = "follow" } = isRequest(input)
    ? input
    : {} as Partial<Request>;
  const headers = new Headers(init?.headers ?? given);
  const isFollowed = (init?.redirect ?? redirect) === "follow" && !followsAlone() &&
    isReadAgain(init?.body ?? body);
  if (!isFollowed) {
    prepare(url, headers);
    return fetch(input, { ...init, headers });
  }
  const kept = { ...method && { method }, ...signal && { signal } };
  return follow(
    (hop) => fetch(hop.url === url ? input : hop.url, hop.init),
    { url, init: { ...kept, ...init, headers } },
    prepare,
  );
}

/** Whether redirects are for `fetch` alone to follow: a page does not see where they lead. */
function followsAlone(): boolean {
  return "location" in globalThis && globalThis.location !== undefined && !("Deno" in globalThis);
}

/** Whether a body can be sent once more, to where an answer points. */
function isReadAgain(body: unknown): boolean {
  return body === undefined || body === null || typeof body === "string" ||
    body instanceof ArrayBuffer || ArrayBuffer.isView(body) || body instanceof Blob ||
    body instanceof URLSearchParams || body instanceof FormData;
}
