import { METRICS_PATH } from "../../http/metrics_route.ts";
import { type Address, AddressInUseError, originOf } from "../../http/server.ts";
import type { MetricsServer } from "../../http/serve_metrics.ts";
import { Backoff } from "../../internal/backoff.ts";
import { monotonicMs } from "../../internal/clocks.ts";
import type { Logger } from "../../internal/logger.ts";
import { errorText, report } from "../../internal/reporting.ts";
import { pause } from "../../internal/timers.ts";
import type { DeadlineOptions } from "../../library/options.ts";
import type { Membership } from "./join_threads.ts";

/** Whoever cannot open the port leaves it to others for so long, in milliseconds. */
const RETRY_MS = 1_000;
/** So many tries may fail before that is told: one thread may be making room for another. */
const QUIET_TRIES = 5;
/** So often it is tried at the start: who has the port may be ending, or a thread that is met soon. */
const FIRST_TRIES = 20;
/** How long it waits between those, in milliseconds. */
const FIRST_RETRY_MS = 50;

/** How long requests in progress may take where another thread is to have the port. */
const CLOSE_MS = 1_000;

/** What serves the port of the metrics. */
export interface PortKeeperOptions {
  readonly membership: Pick<Membership, "has" | "acquire" | "yield" | "port">;
  /** Where it is to be. */
  readonly address: Address;
  /** Opens it. @throws {AddressInUseError} if somebody else has it */
  readonly listen: () => Promise<MetricsServer>;
  readonly logger: Logger;
}

/**
 * Serves the port of the metrics while this thread has the role, so that one thread does at any time.
 * That a port can be had is the system's word alone: a thread that hangs keeps its own until it is
 * ended, and another process may have it. Then this is tried again, by whichever thread has the role.
 */
export class PortKeeper {
  readonly #options: PortKeeperOptions;
  readonly #backoff = new Backoff();
  #server: MetricsServer | undefined;
  #failures = 0;
  /** Whether somebody has it who is none of the threads that are known. */
  #isTaken = false;
  #work: Promise<void> | undefined;
  #isClosed = false;

  /** Opens nothing yet. */
  constructor(options: PortKeeperOptions) {
    this.#options = options;
  }

  /** Whether this thread serves them. */
  get isServing(): boolean {
    return this.#server !== undefined;
  }

  /** Where the metrics of all threads are, whichever serves them; `undefined` while that is not known. */
  get metricsUrl(): string | undefined {
    const { membership, address: { hostname, port } } = this.#options;
    if (this.#server !== undefined) return this.#server.metricsUrl;
    const known = membership.port || (this.#isTaken ? 0 : port);
    return known === 0 ? undefined : `${originOf({ hostname, port: known })}${METRICS_PATH}`;
  }

  /**
   * Opens the port at the start, if no other thread has it. Where somebody else has, that is told after
   * a second, and tried again later.
   *
   * @returns itself
   * @throws {Error} if it cannot be opened, and not because somebody else has it
   */
  async open(): Promise<this> {
    const { promise, resolve } = Promise.withResolvers<void>();
    // It is told of the role that it takes.
    this.#work = promise;
    try {
      await this.#tryForAWhile();
    } finally {
      resolve();
      this.#rest();
    }
    return this;
  }

  async #tryForAWhile(): Promise<void> {
    const { membership } = this.#options;
    const { signal } = new AbortController();
    let refused: AddressInUseError | undefined;
    for (let left = FIRST_TRIES; left > 0; left--) {
      if (membership.acquire("port")) refused = await this.#listen();
      if (this.#server !== undefined || membership.port !== 0) return;
      await pause(FIRST_RETRY_MS, signal);
    }
    this.#isTaken = true;
    this.#failures = QUIET_TRIES;
    if (refused !== undefined) this.#tellTaken(refused);
  }

  /** To be called whenever this thread has got the role or lost it. */
  update(): void {
    this.#work ??= this.#settle().finally(() => this.#rest());
  }

  #rest(): void {
    this.#work = undefined;
    // It may have changed meanwhile.
    if (!this.#isAsItShouldBe()) this.update();
  }

  #isAsItShouldBe(): boolean {
    return this.#isClosed || this.#options.membership.has("port") === (this.#server !== undefined);
  }

  async #settle(): Promise<void> {
    if (this.#isAsItShouldBe()) return;
    if (this.#server !== undefined) return await this.#close();
    try {
      const refused = await this.#listen();
      if (refused !== undefined && ++this.#failures > QUIET_TRIES) this.#tellTaken(refused);
    } catch (error) {
      this.#tell(`Cannot serve the metrics of all threads: ${errorText(error)}`);
      this.#options.membership.yield("port", RETRY_MS);
    }
  }

  /** @returns why not, if somebody else has it */
  async #listen(): Promise<AddressInUseError | undefined> {
    const { membership, listen } = this.#options;
    try {
      this.#server = await listen();
    } catch (error) {
      if (!(error instanceof AddressInUseError)) throw error;
      // Another thread may have it that this one has not met; it keeps the port and gets the role.
      membership.yield("port", RETRY_MS);
      return error;
    }
    this.#failures = 0;
    this.#isTaken = false;
    if (this.#isClosed) await this.#close();
    else membership.port = Number(new URL(this.#server.metricsUrl).port);
    return undefined;
  }

  #tellTaken(error: AddressInUseError): void {
    this.#tell(
      `${errorText(error)}: by another process, or by a thread that hangs; it is tried again`,
    );
  }

  #tell(text: string): void {
    if (this.#backoff.due(monotonicMs())) report(this.#options.logger, text);
  }

  async #close(options: DeadlineOptions = { timeoutMs: CLOSE_MS }): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#options.membership.port = 0;
    try {
      await server?.shutdown(options);
    } catch (error) {
      this.#tell(`Cannot close the port of the metrics: ${errorText(error)}`);
    }
  }

  /** Closes the port, for good. The role is left with the membership. */
  async shutdown(options?: DeadlineOptions): Promise<void> {
    this.#isClosed = true;
    await this.#work;
    await this.#close(options);
  }
}
