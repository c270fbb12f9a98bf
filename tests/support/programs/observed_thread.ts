// A worker that starts observability as all threads do, and publishes in bursts until it is ended. It
// says in memory of its own what was accepted.
import { declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";

interface Events {
  "hit": { route: string };
}
const { catalog, counter } = declare<Events>();
/** What all threads count. */
export const hits = catalog({
  metrics: {
    "hits": counter("hit", { attributes: ({ metadata: { route } }) => ({ route }) }),
  },
});

const scope = globalThis as unknown as {
  onmessage: (message: MessageEvent<{ serviceName: string; truth: SharedArrayBuffer }>) => void;
  postMessage: (message: unknown) => void;
};

const { Bun } = globalThis as { Bun?: { readonly isMainThread: boolean } };
if ("WorkerGlobalScope" in globalThis || Bun?.isMainThread === false) {
  scope.onmessage = async ({ data: { serviceName, truth } }) => {
    const { bus } = await startObservability<Events>({
      catalog: hits,
      serviceName,
      threads: true,
      prometheus: { enabled: false },
      env: () => undefined,
      logger: { warn: () => {} },
    });
    const accepted = new Float64Array(truth);
    let next = 0;
    const turn = () => {
      for (let i = next++ % 50; i > 0; i--) {
        // Nothing may come between the two: a call or a loop is where a thread ends.
        if (bus.publish("hit", { route: `/${i % 3}` })) accepted[0]!++;
      }
      setTimeout(turn, 1);
    };
    turn();
    scope.postMessage("counting");
  };
}
