/** Says to `tests/support/properties.ts` how many times as many cases as usual it tries. */
Object.assign(globalThis, { timesAsManyCases: Number(Deno.args[0]) });
