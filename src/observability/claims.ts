import { type Address, AddressInUseError } from "../http/server.ts";
import { invalidArgument } from "../internal/arguments.ts";
import { monotonicMs } from "../internal/clocks.ts";
import type { Logger } from "../internal/logger.ts";
import { awaitInNeutralContext } from "../internal/neutral_context.ts";
import { report } from "../internal/reporting.ts";
import { countClaimants, endOlder, hasOlder, register } from "../internal/running.ts";
import { pause, settlesWithin } from "../internal/timers.ts";
import type { ObservabilityConfig } from "./config/config.ts";
import type { ShutdownOptions } from "./shutdown.ts";

/** How long an older one may take to shut down before the newer goes on. */
const TAKEOVER_TIMEOUT_MS = 2_000;
/** How long an address may be in use by a process that is ending. */
const LINGER_MS = 1_000;
/** How long to wait before it is tried again. */
const RETRY_MS = 50;

/** What is shut down for a newer one. */
interface Target {
  readonly isEnding: boolean;
  shutdown(options: ShutdownOptions): Promise<void>;
}

/** What an address is among the claims. */
export const addressOf = ({ hostname, port }: Address): string => `${hostname}:${port}`;

/**
 * What one `startObservability` has for itself until its end: its address, and OpenTelemetry's global
 * providers. A newer one of the same service takes them over, as a program does that is loaded anew in
 * the same process; another service does not. One that replaces takes all of its service over.
 */
export class Claims implements Disposable {
  readonly #logger: Logger;
  readonly #replaces: boolean;
  readonly #service: string;
  /** What is taken over from an older one. */
  readonly #wanted: string[];
  /** What a newer one may want. */
  readonly #held: string[];
  readonly #started = Promise.withResolvers<Target | undefined>();
  #target: Target | undefined;
  #registration: Disposable | undefined;

  constructor(
    config: ObservabilityConfig,
    { registerGlobally = false, replace = false, logger }: {
      readonly registerGlobally?: boolean | undefined;
      readonly replace?: boolean | undefined;
      readonly logger: Logger;
    },
  ) {
    if (typeof replace !== "boolean") {
      invalidArgument(TypeError, "start observability", "replace", "true or false", replace);
    }
    const { enabled, prometheus, runtimeTelemetry } = config;
    this.#logger = logger;
    this.#replaces = replace;
    this.#service = `service ${JSON.stringify(config.serviceName)}`;
    this.#held = [this.#service];
    this.#wanted = replace ? [this.#service] : [];
    if (enabled && registerGlobally) this.#want("OpenTelemetry's global providers");
    if (enabled && prometheus.enabled && !runtimeTelemetry) this.#wantAddress(prometheus);
  }

  #want(what: string): void {
    const claim = this.#claim(what);
    this.#wanted.push(claim);
    this.#held.push(claim);
  }

  #wantAddress(address: Address): void {
    if (address.port === 0) return;
    this.#want(addressOf(address));
    // Of whatever service.
    this.#held.push(addressOf(address));
  }

  #claim(what: string): string {
    return `${what} of ${this.#service}`;
  }

  /** Shuts the older ones down; `undefined` if there are none. */
  takeOver(wanted: readonly string[] = this.#wanted): Promise<void> | undefined {
    if (!hasOlder(wanted)) return undefined;
    const onTaken = (claim: string) => {
      // Whoever asked for it need not be told.
      if (this.#replaces) return;
      report(
        this.#logger,
        `startObservability: it was called again in this process for ${claim}; the earlier one is ` +
          "shut down",
      );
    };
    return awaitInNeutralContext(() => endOlder(wanted, onTaken));
  }

  /** Has them from now on, also while the start is under way. */
  hold(): void {
    this.#registration = register({
      claims: this.#held,
      isEnding: () => this.#target?.isEnding === true,
      end: async () => {
        const target = await this.#started.promise;
        const ended = target?.shutdown({ timeoutMs: TAKEOVER_TIMEOUT_MS });
        // One that ends already may have been told to take its time.
        if (ended !== undefined) await settlesWithin(2 * TAKEOVER_TIMEOUT_MS, ended);
      },
    });
  }

  /** Listens; an address that a process has that is ending is waited for. */
  async listen<Server>(
    address: Address,
    listen: () => Promise<Server>,
    signal: AbortSignal | undefined,
  ): Promise<Server> {
    if (!this.#held.includes(addressOf(address))) {
      // It comes in the place of one that could not be opened.
      await this.takeOver([this.#claim(addressOf(address))]);
      this.#wantAddress(address);
    }
    const isHeldByAnother = () => countClaimants(addressOf(address)) > 1;
    const { signal: never } = new AbortController();
    const until = monotonicMs() + LINGER_MS;
    for (;;) {
      try {
        return await listen();
      } catch (error) {
        const isLate = isHeldByAnother() || monotonicMs() >= until;
        if (isLate || !(error instanceof AddressInUseError)) throw error;
      }
      await pause(RETRY_MS, signal ?? never);
      signal?.throwIfAborted();
    }
  }

  /** What a newer one shuts down. */
  startedAs(target: Target): void {
    this.#target = target;
    this.#started.resolve(target);
  }

  /** Gives them up: the start has failed, or the end is over. */
  [Symbol.dispose](): void {
    this.#started.resolve(undefined);
    this.#registration?.[Symbol.dispose]();
  }
}
