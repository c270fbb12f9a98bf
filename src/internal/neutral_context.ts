/**
 * Where a runtime keeps apart what requests have started, as workerd does: a promise of one request
 * that another one settles never comes back there, nor does a timer once its request has ended. So
 * nothing may wait for what another request has started.
 */
export const REQUESTS_ARE_APART: boolean = globalThis.navigator?.userAgent === "Cloudflare-Workers";

/** What is to be called; in nearly all cases there is one. */
let job: (() => void) | undefined;
const further: (() => void)[] = [];
let wake: () => void;
const keepWake = (resolve: () => void): void => {
  wake = resolve;
};

/** Made here and by {@linkcode run}, never by who wants something called: it keeps their context. */
function arm(): void {
  new Promise<void>(keepWake).then(run);
}

function run(): void {
  const first = job as () => void;
  job = undefined;
  // What these have called in turn comes next time.
  let others = further.length;
  arm();
  first();
  while (others-- > 0) (further.shift() as () => void)();
}

/** `process`, as far as it is used here; nothing is imported, since pages have no such module. */
interface Process {
  getBuiltinModule?(id: string): {
    readonly AsyncLocalStorage: { bind(work: (job: () => void) => void): typeof work };
  };
}

/**
 * Calls `job` in a microtask, in the async context (`AsyncLocalStorage`) that this module was
 * evaluated in and not in the caller's. Where requests are kept apart, the microtask is the caller's,
 * since no other would come; there the context is left only where `node:async_hooks` is to be had,
 * as on workerd with `nodejs_compat`. The job must not throw, and may be called once too often.
 */
export const inNeutralContext: (job: () => void) => void = REQUESTS_ARE_APART
  // What a request binds, no other may call. The clock stands at 0 outside of all of them.
  ? !Date.now() &&
      (globalThis as { process?: Process }).process?.getBuiltinModule?.("async_hooks")
        .AsyncLocalStorage.bind(queueMicrotask) || queueMicrotask
  : (next) => {
    if (job === undefined) job = next;
    else further.push(next);
    // Where it has been woken, this does nothing; where that threw, at the end of the stack, it does.
    wake();
  };

if (!REQUESTS_ARE_APART) arm();

/** The same for something that is awaited; it must not throw either. */
export function awaitInNeutralContext<Result>(work: () => Promise<Result>): Promise<Result> {
  return new Promise((resolve) => inNeutralContext(() => resolve(work())));
}
