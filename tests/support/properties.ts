/**
 * fast-check, as all property tests use it: a list, a text or a dictionary is as long as its
 * maximum allows. By default fast-check rarely goes beyond ten elements, so that a program of steps
 * ends before it gets interesting.
 *
 * @module
 */
import fc from "fast-check";

fc.configureGlobal({ baseSize: "medium", defaultSizeToMaxWhenMaxSpecified: true, numRuns: 200 });

export default fc;
