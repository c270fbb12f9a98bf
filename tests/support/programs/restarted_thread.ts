// deno-lint-ignore-file no-console -- its output is what it is for
// Starts and ends observability again and again, and says by how many bytes the process has grown
// since the first of it, once what it no longer needs is collected.
import { declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";

interface Events {
  "hit": { route: string };
}
const { catalog, counter, histogram } = declare<Events>();
const metrics = { "hits": counter("hit"), "lengths": histogram("hit", { value: () => 1 }) };
const { gc } = globalThis as unknown as { gc: () => void };

const restart = async (times: number) => {
  for (let i = 0; i < times; i++) {
    await using obs = await startObservability<Events>({
      catalog: catalog({ metrics }),
      serviceName: "threads-test-restarts",
      threads: true,
      server: false,
      env: () => undefined,
      logger: { warn: () => {} },
    });
    obs.bus.publish("hit", { route: "/" });
  }
  gc();
};

await restart(5);
const { rss } = Deno.memoryUsage();
for (let i = 0; i < 4; i++) await restart(15);
console.log(Deno.memoryUsage().rss - rss);
