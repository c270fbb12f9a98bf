/**
 * A stand-in for `jsr:@std/assert`, for networks that do not reach its registry: just the functions
 * that the tests use. See CONTRIBUTING.md.
 *
 * @module
 */
import { inspect } from "node:util";

/** Error thrown by the assertions. */
export class AssertionError extends Error {
  override name = "AssertionError";
}

function fail(what: string, msg?: string): never {
  throw new AssertionError(msg === undefined ? what : `${what}: ${msg}`);
}

/** As in the original, an object without a prototype equals a plain one. */
function constructorOf(value: object): unknown {
  return (value as { constructor?: unknown }).constructor ?? Object;
}

function equal(actual: unknown, expected: unknown): boolean {
  if (Object.is(actual, expected)) return true;
  if (typeof actual !== "object" || typeof expected !== "object") return false;
  if (actual === null || expected === null) return false;
  if (constructorOf(actual) !== constructorOf(expected)) return false;
  if (actual instanceof Date) return Object.is(+actual, +(expected as Date));
  if (actual instanceof RegExp) return String(actual) === String(expected);
  if (actual instanceof Set || actual instanceof Map) {
    return equalUnordered([...actual], [...(expected as Set<unknown>)]);
  }
  const [keys, others] = [Reflect.ownKeys(actual), Reflect.ownKeys(expected)];
  return keys.length === others.length && keys.every((key) =>
    Object.hasOwn(expected, key) &&
    equal(actual[key as keyof object], expected[key as keyof object])
  );
}

function equalUnordered(actual: unknown[], expected: unknown[]): boolean {
  const left = [...expected];
  return actual.length === left.length && actual.every((item) => {
    const index = left.findIndex((other) => equal(item, other));
    if (index >= 0) left.splice(index, 1);
    return index >= 0;
  });
}

/** Asserts that `expr` is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

/** Asserts that both are equal, deeply. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!equal(actual, expected)) {
    fail(
      `Values are not equal:\n  actual   ${inspect(actual)}\n  expected ${inspect(expected)}`,
      msg,
    );
  }
}

/** Asserts that both are the same by `Object.is`. */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  if (!Object.is(actual, expected)) {
    fail(`Values are not strictly equal: ${inspect(actual)} and ${inspect(expected)}`, msg);
  }
}

/** Asserts that `actual` contains `expected`. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  if (!actual.includes(expected)) {
    fail(`Expected ${inspect(actual)} to include ${inspect(expected)}`, msg);
  }
}

/** Asserts that `actual` matches `expected`. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  if (!expected.test(actual)) fail(`Expected ${inspect(actual)} to match ${expected}`, msg);
}

/** Asserts that `actual` is at most `expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual <= expected)) fail(`Expected ${inspect(actual)} <= ${inspect(expected)}`, msg);
}

// deno-lint-ignore no-explicit-any -- as in the original, any constructor goes
type ErrorClass<E> = abstract new (...args: any[]) => E;

function checkError<E>(
  error: unknown,
  ErrorClass: ErrorClass<E>,
  msgIncludes: string | undefined,
  msg: string | undefined,
): E {
  if (!(error instanceof ErrorClass)) {
    fail(`Expected an error of ${ErrorClass.name}, received ${inspect(error)}`, msg);
  }
  const { message } = error as Error;
  if (msgIncludes !== undefined) assertStringIncludes(message, msgIncludes, msg);
  return error;
}

/** Asserts that `fn` throws an error of the class, with the text in its message. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: ErrorClass<E> = Error as unknown as ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): E {
  try {
    fn();
  } catch (error) {
    return checkError(error, ErrorClass, msgIncludes, msg);
  }
  return fail("Expected function to throw", msg);
}

/** Asserts that `fn` rejects with an error of the class, with the text in its message. */
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: ErrorClass<E> = Error as unknown as ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E> {
  try {
    await fn();
  } catch (error) {
    return checkError(error, ErrorClass, msgIncludes, msg);
  }
  return fail("Expected function to reject", msg);
}
