/**
 * Where a runtime keeps apart what requests have started, as workerd does: a promise of one request
 * that another one settles never comes back there, nor does a timer once its request has ended. So
 * nothing may wait for what another request has started.
 */
export const REQUESTS_ARE_APART: boolean = globalThis.navigator?.userAgent === "Cloudflare-Workers";

/** `process`, as far as it is used here; nothing is imported, since pages have no such module. */
interface Process {
  getBuiltinModule?(id: string): { readonly AsyncLocalStorage: AsyncLocalStorageClass };
}

interface AsyncLocalStorageClass {
  new (): object;
  bind(work: (job: () => void) => void): typeof work;
}

/** Not on Deno and in pages: asking Deno for it loads much of Node, and changes globals. */
const storages = /^(Clo|Node)/.test(globalThis.navigator?.userAgent)
  ? (globalThis as { process?: Process }).process?.getBuiltinModule?.("async_hooks")
    .AsyncLocalStorage
  : undefined;

/** What is to be called; in nearly all cases there is one. */
let job: (() => void) | undefined;
const further: (() => void)[] = [];
/** Wakes it; `undefined` once it has been called. */
let wake: ((link?: PromiseLike<void>) => void) | undefined;
const keepWake = (resolve: typeof wake): void => {
  wake = resolve;
};

/**
 * Where a context belongs to a promise, as on Node 22, and each promise made costs much within one,
 * a single one does: resolved with this, it asks it in a microtask of its own context how to be
 * resolved, which is the next wake. Elsewhere what follows a promise keeps the context that it was
 * told to in, and each wake needs a promise.
 */
const link: PromiseLike<void> | undefined = storages && "kResourceStore" in new storages()
  ? {
    then(resolve: typeof wake) {
      wake = resolve;
      try {
        run();
      } catch (error) {
        // It rejects the promise, which ends there.
        arm();
        throw error;
      }
    },
  } as PromiseLike<void>
  : undefined;

/** Made here and by what is called, never by who wants something called: it keeps their context. */
function arm(): void {
  const armed = new Promise<void>(keepWake);
  if (!link) armed.then(run);
}

function run(): void {
  const first = job as () => void;
  job = undefined;
  // What these have called in turn comes next time.
  let others = further.length;
  if (!link) arm();
  first();
  while (others-- > 0) (further.shift() as () => void)();
}

/**
 * Calls `job` in a microtask, in the async context (`AsyncLocalStorage`) that this module was
 * evaluated in and not in the caller's. Where requests are kept apart, the microtask is the caller's,
 * since no other would come; there the context is left only where `node:async_hooks` is to be had,
 * as on workerd with `nodejs_compat`. The job must not throw, and may be called once too often.
 */
export const inNeutralContext: (job: () => void) => void = REQUESTS_ARE_APART
  // What a request binds, no other may call. The clock stands at 0 outside of all of them.
  ? !Date.now() && storages?.bind(queueMicrotask) || queueMicrotask
  : (next) => {
    if (job) further.push(next);
    else job = next;
    // Once is enough: a second call is reported to Node, which takes its time. In this order: at the
    // end of the stack the call may throw.
    wake?.(link);
    wake = undefined;
  };

if (!REQUESTS_ARE_APART) arm();

/** The same for something that is awaited; it must not throw either. */
export function awaitInNeutralContext<Result>(work: () => Promise<Result>): Promise<Result> {
  return new Promise((resolve) => inNeutralContext(() => resolve(work())));
}
