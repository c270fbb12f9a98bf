/** No instrumentation. */
import type { Instrumentation } from "./instrumentation.ts";

export function create(): Instrumentation<undefined> {
  return {
    begin: () => undefined,
    query: () => {},
    end: () => {},
    settle: () => Promise.resolve({ counted: 0, timed: 0 }),
    shutdown: () => {},
  };
}
