import type { EventContext } from "../events/event.ts";
import type { EventTypeOf, Publishable } from "../events/event_map.ts";
import { assertFunction, assertMethod, invalidArgument } from "../internal/arguments.ts";
import { assertKnownNames } from "../internal/option_names.ts";
import type { EventBus } from "../library/event_bus.ts";
import type { Ended } from "./ended.ts";
import { OperationScope } from "./operation_scope.ts";
import { enter } from "./scope_span.ts";

/**
 * An operation that has begun. Where no async context follows the code, hand it on: `publish` takes it
 * as its `init`, and {@linkcode operation} as its option `context`.
 *
 * @typeParam Type The event type that ends it.
 * @typeParam Metadata What that event carries.
 */
export interface Operation<Type extends string, Metadata> extends EventContext {
  /** Its session. */
  readonly sessionId: string;
  /** Its own id. */
  readonly operationId: string;
  /**
   * Publishes the end. The first call counts; a later one publishes nothing, and is logged once.
   *
   * @returns what the operation's function has to return
   */
  end(
    ...metadata: undefined extends Metadata ? [metadata?: Metadata] : [metadata: Metadata]
  ): Ended<Type, undefined>;
  /** The same, and has `operation` return a value. */
  end<Value>(metadata: Metadata, value: Value): Ended<Type, Value>;
}

/** The options of {@linkcode operation}. */
export interface OperationOptions<Metadata> {
  /**
   * The session or operation that it is a part of, where no async context says so. Default: the
   * current one; without one, a new session.
   */
  readonly context?: EventContext | undefined;
  /**
   * The metadata of the end that is published where the function throws or forgets it; `error` is
   * added. Default: `error` alone.
   */
  readonly failed?: Metadata | undefined;
}

/** What `operation` returns, for what its function returns. */
export type OperationResult<Result> = Result extends PromiseLike<infer End>
  ? Promise<OperationResult<End>>
  : Result extends Ended<string, infer Value> ? Value
  : never;

const ACTION = "begin an operation";
const NO_OPTIONS: OperationOptions<never> = Object.freeze({});
const OPTIONS: readonly (keyof OperationOptions<unknown>)[] = ["context", "failed"];

/**
 * Publishes a start event, calls a function, which publishes the end event with `op.end`, and returns
 * what that was given as a value.
 *
 * - Both events have the same session and an operation id of their own, so that they are a pair
 *   however many run at the same time. What is published in between belongs to the operation, if the
 *   bus has {@linkcode currentContext} as its `context` option.
 * - An operation within another one is its child: its span's parent is the other's span. Outside of
 *   all it begins a session.
 * - The end cannot be forgotten: the function has to return what `op.end` returns. If it throws or
 *   rejects, the end is published with `error` in its metadata (see `OperationOptions.failed`), its
 *   span fails, and the error is thrown on. Untyped code that returns without an end gets one with an
 *   `error` that says so.
 * - It runs as the function does: a synchronous one is called and done, for an async one it returns a
 *   promise.
 * - On a disabled bus it calls the function and nothing else.
 *
 * @example
 * ```ts
 * import { EventBus } from "@busbar/busbar";
 * import { currentContext, operation } from "@busbar/busbar/context";
 *
 * interface ShopEvents {
 *   "checkout.start": { cart: string };
 *   "checkout.end": { total: number; status: "ok" | "declined" };
 * }
 * await using bus = new EventBus<ShopEvents>({ context: currentContext }).start();
 * const pair = ["checkout.start", "checkout.end"] as const;
 * const total = await operation(bus, pair, { cart: "c1" }, async (op) => {
 *   const charged = await Promise.resolve(42); // stands for a bank
 *   return op.end({ total: charged, status: "ok" }, charged);
 * });
 * if (total !== 42) throw new Error("no value");
 * ```
 *
 * @throws {TypeError} if an argument is of the wrong type
 * @throws what the function throws
 */
export function operation<
  Events extends object,
  Start extends EventTypeOf<Events>,
  End extends EventTypeOf<Events>,
  Result extends Ended<End, unknown> | PromiseLike<Ended<End, unknown>>,
>(
  bus: EventBus<Events>,
  pair: readonly [start: Start & Publishable<Start>, end: End & Publishable<End>],
  metadata: Events[Start],
  fn: (op: Operation<End, Events[End]>) => Result,
  options?: OperationOptions<Events[End]>,
): OperationResult<Result> {
  checkArguments(bus, pair, fn);
  if (options !== undefined) checkOptions(options);
  const [start, end] = pair as readonly [string, string];
  const { context, failed } = options ?? NO_OPTIONS;
  const scope = new OperationScope({
    bus: bus as unknown as EventBus,
    start,
    end,
    metadata,
    context,
    failed: failed as object | undefined,
  });
  return run(scope, fn as never, bus.enabled !== false) as OperationResult<Result>;
}

function run(
  scope: OperationScope,
  fn: (op: OperationScope) => unknown,
  isEnabled: boolean,
): unknown {
  let result: unknown;
  try {
    result = isEnabled ? enter(scope, () => fn(scope)) : fn(scope);
    if (isThenable(result)) return settle(scope, result);
  } catch (error) {
    scope.fail(error);
    throw error;
  }
  return scope.finish(result);
}

async function settle(scope: OperationScope, result: PromiseLike<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await result;
  } catch (error) {
    scope.fail(error);
    throw error;
  }
  return scope.finish(value);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null &&
    typeof (value as { then?: unknown }).then === "function";
}

function checkArguments(bus: unknown, pair: unknown, fn: unknown): void {
  assertMethod(ACTION, "bus", bus, "publish");
  if (!isPair(pair)) {
    const rule = "two different event types, not beginning with bus:";
    invalidArgument(TypeError, ACTION, "pair", rule, pair);
  }
  assertFunction(ACTION, "fn", fn);
}

function isPair(pair: unknown): boolean {
  return Array.isArray(pair) && pair.length === 2 && pair[0] !== pair[1] && isType(pair[0]) &&
    isType(pair[1]);
}

function isType(type: unknown): boolean {
  return typeof type === "string" && type !== "" && !type.startsWith("bus:");
}

function checkOptions(options: OperationOptions<unknown>): void {
  if (typeof options !== "object" || options === null) {
    invalidArgument(TypeError, ACTION, "options", "an object", options);
  }
  assertKnownNames(ACTION, "option", options, OPTIONS);
  const { context, failed } = options;
  if (context !== undefined && (typeof context !== "object" || context === null)) {
    invalidArgument(TypeError, ACTION, "context", "a session or an operation", context);
  }
  if (failed !== undefined && (typeof failed !== "object" || failed === null)) {
    invalidArgument(TypeError, ACTION, "failed", "metadata of the end", failed);
  }
}
