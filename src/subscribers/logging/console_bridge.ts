// deno-lint-ignore-file no-console -- the console of others is what this is about
import type { Catalog } from "../../catalog/catalog.ts";
import type { LogLevel } from "../../catalog/log.ts";
import type { AnyEvents } from "../../events/event_map.ts";
import { MAX_TEXT_LENGTH } from "../../internal/bounded_values.ts";
import { cut, isReporting } from "../../internal/reporting.ts";
import type { EventBus } from "../../library/event_bus.ts";
import { atExit } from "./at_exit.ts";
import type { LogRecord, LogSink } from "./log_record.ts";

/** The type of the events that lines of the console become. */
const CONSOLE_EVENT_TYPE = "console";

/** What is taken of the console, and at which level. */
const LEVELS = {
  trace: "trace",
  debug: "debug",
  log: "info",
  info: "info",
  warn: "warn",
  error: "error",
} as const satisfies Record<string, LogLevel>;

type Method = keyof typeof LEVELS;
type Write = (...args: unknown[]) => void;
type Line = { readonly level: LogLevel; readonly text: string };

interface Storage {
  getStore(): boolean | undefined;
  run<Result>(store: boolean, fn: () => Result): Result;
}

/** Stands for an async context where there is none: what runs while a call is pending is the call's. */
class PendingCalls implements Storage {
  #pending = 0;

  getStore(): boolean {
    return this.#pending > 0;
  }

  run<Result>(_store: boolean, fn: () => Result): Result {
    this.#pending++;
    const settle = () => void this.#pending--;
    let result: Result;
    try {
      result = fn();
    } catch (error) {
      settle();
      throw error;
    }
    if (typeof result !== "object" || result === null) settle();
    else Promise.resolve(result).then(settle, settle);
    return result;
  }
}

/** What of Node is used here, if it is there. */
interface Runtime {
  readonly process?: {
    getBuiltinModule?(id: "node:util"): { format(...args: unknown[]): string } | undefined;
    getBuiltinModule?(id: "node:async_hooks"): { AsyncLocalStorage: new () => Storage } | undefined;
  };
}

/** Declares the records of the console, unless the catalog does. */
export function withConsoleLogs<Events extends object>(
  logs: Catalog<Events>["logs"],
): Catalog<Events>["logs"] {
  const declaration = {
    level: ({ metadata }: { metadata: Line }) => metadata.level,
    body: ({ metadata }: { metadata: Line }) => metadata.text,
    attributes: () => ({}),
  };
  return { [CONSOLE_EVENT_TYPE]: declaration, ...logs } as Catalog<Events>["logs"];
}

/**
 * Has what other code writes by `console` become events, until it is disposed of; then all is as it was.
 * What sinks and loggers write there, also later than they were called, goes where it went before: else it
 * would come back for ever.
 */
export class ConsoleBridge implements Disposable {
  readonly #bus: EventBus<AnyEvents>;
  readonly #originals = new Map<Method, { readonly original: Write; readonly own: Write }>();
  readonly #format: (args: unknown[]) => string;
  /** Tells what a sink has begun. */
  readonly #storage: Storage;
  #hasEnded = false;

  /** @param bus where events are published */
  constructor(bus: object) {
    this.#bus = bus as EventBus<AnyEvents>;
    const { process } = globalThis as Runtime;
    const format = process?.getBuiltinModule?.("node:util")?.format;
    this.#format = (args) => format === undefined ? plainText(args) : format(...args);
    const AsyncLocalStorage = process?.getBuiltinModule?.("node:async_hooks")?.AsyncLocalStorage;
    this.#storage = AsyncLocalStorage === undefined ? new PendingCalls() : new AsyncLocalStorage();
  }

  /** The sink, with whatever it does known as its own. */
  marked(sink: LogSink): LogSink {
    const storage = this.#storage;
    return new Proxy(sink, {
      apply: (target, self, args: [record: LogRecord]) =>
        storage.run(true, () => Reflect.apply(target, self, args)),
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function" || name !== "flush" && name !== "flushSync") return value;
        return () => storage.run(true, () => Reflect.apply(value, target, []));
      },
    });
  }

  /** Takes the console over. */
  start(): void {
    for (const method of Object.keys(LEVELS) as Method[]) {
      const original: Write = console[method];
      const own = (...args: unknown[]) => {
        const where = method === "trace" ? own : undefined;
        if (!this.#publish(LEVELS[method], args, where)) Reflect.apply(original, console, args);
      };
      this.#originals.set(method, { original, own });
      console[method] = own;
    }
    // What was written just before the end is logged, too.
    atExit.add(this);
  }

  flushSync(): void {
    this.#bus.flushSync({ timeoutMs: 1_000 });
  }

  [Symbol.dispose](): void {
    this.#hasEnded = true;
    atExit.delete(this);
    for (const [method, { original, own }] of this.#originals) {
      // Somebody who has taken it over since still calls this one, which hands on.
      if (console[method] === own) console[method] = original;
    }
    this.#originals.clear();
  }

  /**
   * @param where what was called, if the record says from where
   * @returns whether it becomes a record
   */
  #publish(level: LogLevel, args: unknown[], where: Write | undefined): boolean {
    if (this.#hasEnded || atExit.isOver || isReporting() || this.#storage.getStore()) return false;
    try {
      const said = this.#format(args);
      const text = cut(where === undefined ? said : `${said}${stackOf(where)}`, MAX_TEXT_LENGTH);
      return this.#bus.publish(CONSOLE_EVENT_TYPE, { level, text });
    } catch {
      // It is written, or fails, as without all this.
      return false;
    }
  }
}

/** The lines that say from where a function is called; empty where nobody knows. */
function stackOf(called: Write): string {
  const { captureStackTrace } = Error as {
    captureStackTrace?(target: object, called: Write): void;
  };
  const target: { stack?: string } = {};
  captureStackTrace?.(target, called);
  const { stack = "" } = target;
  const start = stack.indexOf("\n    at ");
  return start < 0 ? "" : stack.slice(start);
}

/** Where nothing else formats them. */
function plainText(args: readonly unknown[]): string {
  return args.map((arg) => {
    if (arg instanceof Error) return arg.stack ?? String(arg);
    return typeof arg === "object" && arg !== null ? JSON.stringify(arg) : String(arg);
  }).join(" ");
}
