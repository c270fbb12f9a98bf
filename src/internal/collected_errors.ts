/** One error that stands for one or several; `what` completes an `AggregateError`'s message. */
export function toSingleError(errors: readonly unknown[], what: string): unknown {
  return errors.length === 1 ? errors[0] : new AggregateError(errors, what);
}

/**
 * Calls all functions with the same argument, also when one throws.
 *
 * @throws what was thrown; an `AggregateError` with the message `what` if several threw
 */
export function callAll<Argument>(
  functions: readonly ((argument: Argument) => void)[],
  argument: Argument,
  what: string,
): void {
  let errors: unknown[] | undefined;
  for (const call of functions) {
    try {
      call(argument);
    } catch (error) {
      (errors ??= []).push(error);
    }
  }
  if (errors !== undefined) throw toSingleError(errors, what);
}
