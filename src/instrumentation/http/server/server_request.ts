import { asyncStorage, currentScope, runIn } from "../../../context/async_storage.ts";
import { readBaggage } from "../../../context/baggage.ts";
import { OperationScope, toError } from "../../../context/operation_scope.ts";
import { enter } from "../../../context/scope_span.ts";
import { newSession } from "../../../context/session.ts";
import { monotonicMs } from "../../../internal/clocks.ts";
import { ReportOnce } from "../../../internal/report_once.ts";
import { cut, errorText } from "../../../internal/reporting.ts";
import type { EventBus } from "../../../library/event_bus.ts";
import { errorTypeOf } from "../error_type.ts";
import { knownMethod, originalMethod } from "../methods.ts";
import { type ActiveRequests, ActiveRequestsByKind } from "./active_requests.ts";
import { SERVER_REQUEST } from "./catalog.ts";
import type { HttpServerEvents, HttpServerRequestStart } from "./events.ts";
import { JoinedSpan } from "./joined_span.ts";
import type { ResolvedOptions } from "./options.ts";

/** The longest path that events hold. */
const MAX_PATH_LENGTH = 1_024;
const [START, END] = SERVER_REQUEST;

/** What an adapter reads of a request. */
export interface RequestParts {
  /** What the framework hands on: where it is found by. */
  readonly request: object;
  readonly method: string;
  readonly scheme: string;
  /** Without its query. */
  readonly path: string;
  readonly protocolVersion: string | undefined;
  readonly header: (name: string) => string | null | undefined;
}

/** What an adapter reads of a response that has ended. */
export interface ResponseParts {
  readonly status: number | undefined;
  readonly bytes?: number | undefined;
  readonly aborted?: boolean;
}

/** Where a request holds what observes it, for all copies of the package. */
const OBSERVED = Symbol.for("@busbar/busbar/http-request.1");

/** Made at the first need, for the console that there is then. */
let problems: ReportOnce | undefined;

/** What observes a request, if anything does. */
export function observedRequest(request: object): ServerRequest | undefined {
  return (request as { [OBSERVED]?: ServerRequest })[OBSERVED];
}

/** What makes events of a server's requests. */
export class ServerRequests {
  readonly #bus: EventBus;
  readonly #options: ResolvedOptions;
  readonly #active = new ActiveRequestsByKind();

  constructor(bus: EventBus<HttpServerEvents>, options: ResolvedOptions) {
    this.#bus = bus as unknown as EventBus;
    this.#options = options;
  }

  /** Whether anything is published. */
  get enabled(): boolean {
    return this.#bus.enabled !== false;
  }

  /**
   * Begins a request: publishes its start.
   *
   * @returns `undefined` if it is left out, or an adapter around this one observes it already
   */
  begin(parts: RequestParts): ServerRequest | undefined {
    const { request, path } = parts;
    if (this.#options.isIgnored(path) || observedRequest(request) !== undefined) return undefined;
    const observed = new ServerRequest(this.#bus, this.#options, this.#active, parts);
    Object.defineProperty(request, OBSERVED, { value: observed, configurable: true });
    return observed;
  }
}

/** A request whose start was published and whose end will be, once. */
export class ServerRequest {
  /** The template of its path, where somebody has said it. */
  route: string | undefined;
  /** What the server says went wrong; it counts if the response is a failure. */
  error: unknown;
  /** The response of `node:http`, where there is one. */
  response: { readonly headersSent: boolean } | undefined;
  readonly #bus: EventBus;
  readonly #request: object;
  readonly #options: ResolvedOptions;
  readonly #active: ActiveRequests;
  readonly #start: HttpServerRequestStart;
  readonly #startedMs: number;
  readonly #scope: OperationScope;
  readonly #joined: JoinedSpan | undefined;
  #hasFailedUnderWay = false;
  #ended = false;

  constructor(
    bus: EventBus,
    options: ResolvedOptions,
    active: ActiveRequestsByKind,
    { request, method: sent, scheme, path, protocolVersion, header }: RequestParts,
  ) {
    const method = knownMethod(sent);
    this.#bus = bus;
    this.#request = request;
    this.#options = options;
    this.#active = active.of(method, scheme);
    this.route = options.routeOfPath?.(path);
    const { baggage } = options;
    const context = newSession({
      traceparent: header("traceparent"),
      tracestate: header("tracestate"),
      baggage: baggage.length === 0 ? undefined : readBaggage(header("baggage"), baggage),
    });
    const change = this.#active.change(1);
    const metadata = this.#start = {
      method,
      originalMethod: originalMethod(sent, method),
      scheme,
      path: cut(path, MAX_PATH_LENGTH),
      route: this.route,
      protocolVersion,
      requestBytes: lengthOf(header("content-length")),
      activeChange: change,
    };
    this.#startedMs = monotonicMs();
    const failed = undefined;
    const joined = this.#joined = JoinedSpan.find();
    this.#scope = new OperationScope({
      bus,
      start: START,
      end: END,
      metadata,
      context,
      failed,
      joined: joined?.context ?? null,
    });
    if (this.#scope.accepted) this.#active.commit(change);
  }

  /** Calls a function in the request's session. */
  run<Result>(fn: () => Result): Result {
    return enter(this.#scope, fn);
  }

  /** Says what went wrong: a response under way can no longer tell, and is broken off. */
  setError(error: unknown): void {
    this.error = error;
    this.#hasFailedUnderWay = this.response?.headersSent === true;
  }

  /** Publishes the end, the first time. */
  end({ status, bytes, aborted = false }: ResponseParts): void {
    if (aborted && this.#hasFailedUnderWay) return this.fail(this.error, status);
    const isFailure = status !== undefined && status >= 500;
    this.#end(status, bytes, aborted, isFailure ? this.error : undefined, isFailure);
  }

  /**
   * Publishes the end of a response that has failed of an error, the first time.
   *
   * @param status the one that was sent
   */
  fail(error: unknown, status: number | undefined): void {
    this.#end(status, undefined, false, error, true);
  }

  #end(
    status: number | undefined,
    responseBytes: number | undefined,
    aborted: boolean,
    thrown: unknown,
    isFailure: boolean,
  ): void {
    if (this.#ended) return;
    this.#ended = true;
    const error = thrown === undefined ? undefined : toError(thrown);
    const { method, originalMethod, scheme, path, protocolVersion, requestBytes } = this.#start;
    const activeChange = this.#active.change(-1);
    const route = this.#findRoute();
    const metadata = {
      method,
      originalMethod,
      scheme,
      path,
      route,
      protocolVersion,
      requestBytes,
      activeChange,
      status,
      durationMs: Math.max(0, monotonicMs() - this.#startedMs),
      responseBytes,
      aborted,
      errorType: !isFailure ? undefined : error === undefined ? `${status}` : errorTypeOf(error),
      error,
    };
    this.#joined?.tell(method, route, error);
    const scope = this.#scope;
    // The bus would add, from another context, what this one has not.
    if (asyncStorage() === null || currentScope() === scope) scope.end(metadata);
    else runIn(scope, () => scope.end(metadata));
    if (scope.accepted) this.#active.commit(activeChange);
  }

  #findRoute(): string | undefined {
    if (this.route !== undefined) return cut(this.route);
    try {
      const route = this.#options.routeOf?.(this.#request);
      return typeof route === "string" && route !== "" ? cut(route) : undefined;
    } catch (error) {
      problems ??= new ReportOnce(console);
      problems.report(`the option route of an HTTP server threw: ${cut(errorText(error))}`);
      return undefined;
    }
  }
}

/** A length as a header tells it, if it does. */
export function lengthOf(header: unknown): number | undefined {
  if (typeof header !== "string" && typeof header !== "number") return undefined;
  const length = Number(header);
  return header !== "" && Number.isSafeInteger(length) && length >= 0 ? length : undefined;
}
