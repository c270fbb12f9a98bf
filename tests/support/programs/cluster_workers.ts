// deno-lint-ignore-file no-console -- the test reads what this program prints
/**
 * Two workers of a cluster, which both want to serve their metrics at the port that the
 * argument names. It prints, as JSON, what each of them has to say, once both have started.
 *
 * @module
 */
import { startObservability } from "@busbar/busbar/observability";
import cluster from "node:cluster";
import process from "node:process";

const [port] = process.argv.slice(2);
if (cluster.isPrimary) {
  const told = await Promise.all([1, 2].map(() =>
    new Promise((resolve) => {
      const worker = cluster.fork();
      worker.once("message", resolve);
      worker.once("exit", (code) => resolve(`it ended with code ${code}`));
    })
  ));
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`).then(
    () => "answered",
    () => "none",
  );
  console.log(JSON.stringify({ told, answer }));
  for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill("SIGKILL");
} else {
  const lines: string[] = [];
  const obs = await startObservability({
    env: () => undefined,
    runtimeMetrics: false,
    prometheus: { port: Number(port) },
    logger: { warn: (line) => void lines.push(String(line)) },
  });
  obs.bus.publish("work");
  await obs.flush();
  const { status } = await obs.handler(new Request("http://localhost/metrics"));
  await obs.handler(new Request("http://localhost/metrics"));
  process.send?.({ isServed: obs.metricsUrl !== undefined, status, lines });
}
