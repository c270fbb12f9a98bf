/**
 * fast-check, as all property tests use it: a list, a text or a dictionary is as long as its
 * maximum allows. By default fast-check rarely goes beyond ten elements, so that a program of steps
 * ends before it gets interesting.
 *
 * @module
 */
import fc from "fast-check";

/** How many times as many cases as usual are tried: `deno task fuzz` says so. */
const { timesAsManyCases = 1 } = globalThis as { timesAsManyCases?: number };

/** For a property that is tried more or less often than the others, which are 200 times. */
export const runs = (count: number): { readonly numRuns: number } => ({
  numRuns: count * timesAsManyCases,
});

fc.configureGlobal({ baseSize: "medium", defaultSizeToMaxWhenMaxSpecified: true, ...runs(200) });

/** A field's name, without what would change an object's prototype or, for `assertEquals`, its class. */
export const fieldName: fc.Arbitrary<string> = fc.string()
  .filter((name) => name !== "__proto__" && name !== "constructor");

export default fc;
