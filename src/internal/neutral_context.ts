/**
 * Where a runtime keeps apart what requests have started, as workerd does: a promise of one request
 * that another one settles never comes back there, nor does a timer once its request has ended. So
 * nothing may wait for what another request has started.
 */
export const REQUESTS_ARE_APART: boolean = globalThis.navigator?.userAgent === "Cloudflare-Workers";

/** What is to be called; in nearly all cases there is one. */
let jobs: (() => void)[] = [];
let isWoken = false;
let wake: () => void;

/** Made here and by {@linkcode run}, never by who wants something called: it keeps their context. */
function arm(): void {
  isWoken = false;
  new Promise<void>((resolve) => {
    wake = resolve;
  }).then(run);
}

function run(): void {
  const due = jobs;
  jobs = [];
  arm();
  for (const job of due) job();
}

/**
 * Calls `job` in a microtask, in the async context (`AsyncLocalStorage`) that this module was
 * evaluated in and not in the caller's. Where requests are kept apart, it is called in the caller's:
 * nothing else would come. The job must not throw, and may be called once too often.
 */
export const inNeutralContext: (job: () => void) => void = REQUESTS_ARE_APART
  ? (job) => queueMicrotask(job)
  : (job) => {
    jobs.push(job);
    if (isWoken) return;
    // In this order: at the end of the stack it may throw, and the next one wakes.
    wake();
    isWoken = true;
  };

if (!REQUESTS_ARE_APART) arm();

/** The same for something that is awaited; it must not throw either. */
export function awaitInNeutralContext(work: () => Promise<unknown>): Promise<unknown> {
  return new Promise((resolve) => inNeutralContext(() => resolve(work())));
}
