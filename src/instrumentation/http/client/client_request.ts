import { asyncStorage, currentScope, runIn } from "../../../context/async_storage.ts";
import { OperationScope, toError } from "../../../context/operation_scope.ts";
import { monotonicMs } from "../../../internal/clocks.ts";
import { cut } from "../../../internal/reporting.ts";
import type { EventBus } from "../../../library/event_bus.ts";
import { errorTypeOf } from "../error_type.ts";
import { knownMethod, originalMethod } from "../methods.ts";
import { CLIENT_REQUEST } from "./catalog.ts";
import type { HttpClientEvents, HttpClientRequestStart } from "./events.ts";

const MAX_URL_LENGTH = 1_024;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };
const [START, END] = CLIENT_REQUEST;

/** A request that is sent: its start has been published, and its end will be. */
export class ClientRequest {
  /** What it is part of the trace as. */
  readonly scope: OperationScope;
  readonly #start: HttpClientRequestStart;
  readonly #startedMs = monotonicMs();

  /** Publishes the start. */
  constructor(bus: EventBus<HttpClientEvents>, url: URL, sent: string) {
    const method = knownMethod(sent);
    const metadata = this.#start = {
      method,
      originalMethod: originalMethod(sent, method),
      url: cut(`${url.origin}${url.pathname}`, MAX_URL_LENGTH),
      scheme: url.protocol.slice(0, -1),
      serverAddress: cut(url.hostname),
      serverPort: Number(url.port) || (DEFAULT_PORTS[url.protocol] ?? 0),
    };
    this.scope = new OperationScope({
      bus: bus as unknown as EventBus,
      start: START,
      end: END,
      metadata,
      context: undefined,
      failed: undefined,
    });
  }

  /** Publishes the end: what is thrown by then has no status. */
  end(status: number | undefined, thrown?: unknown): void {
    const error = status === undefined ? toError(thrown) : undefined;
    const isFailure = status !== undefined && status >= 400;
    const metadata = {
      ...this.#start,
      status,
      durationMs: Math.max(0, monotonicMs() - this.#startedMs),
      errorType: error !== undefined ? errorTypeOf(error) : isFailure ? `${status}` : undefined,
      error,
    };
    const { scope } = this;
    if (asyncStorage() === null || currentScope() === scope) scope.end(metadata);
    else runIn(scope, () => scope.end(metadata));
  }
}
