import { errorText, report } from "../../internal/reporting.ts";

/** What writes what it holds when the process ends. */
interface Holder {
  flushSync(): void;
  /** Whether what is told on the console would never get there. */
  readonly isConsoleStuck?: boolean;
}

/** What tells of the end of a process; looked up as it is needed, for a page has none of it. */
interface Scope {
  readonly process?: { on?(event: string, listener: () => void): void };
  readonly Deno?: unknown;
  addEventListener?(event: string, listener: () => void): void;
}

/** Those that hold something, and whether the process has come to its end. */
class AtExit {
  readonly #holders = new Set<Holder>();
  #isListening = false;
  isOver = false;

  /** It holds something: it will be flushed at the end, by whatever the process ends. */
  add(holder: Holder): void {
    this.#holders.add(holder);
    if (!this.#isListening) this.#listen();
  }

  /** It holds nothing any more. */
  delete(holder: Holder): void {
    this.#holders.delete(holder);
  }

  #listen(): void {
    this.#isListening = true;
    const scope: Scope = globalThis;
    const flush = () => this.#flush();
    const end = () => {
      this.isOver = true;
      this.#flush();
    };
    scope.process?.on?.("exit", end);
    // Deno says no more of an uncaught error; who handles it may go on elsewhere.
    scope.process?.on?.("uncaughtExceptionMonitor", flush);
    // Of `Deno.exit` only the global scope learns.
    if (scope.Deno !== undefined) scope.addEventListener?.("unload", end);
  }

  #flush(): void {
    for (const holder of this.#holders) {
      try {
        holder.flushSync();
      } catch (error) {
        if (!holder.isConsoleStuck) report(console, errorText(error));
        // Once more would take as long again.
        if (this.isOver) this.#holders.delete(holder);
      }
    }
  }
}

/** Those of this process. */
export const atExit: AtExit = new AtExit();
