import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { deadline } from "@std/async";
import { type MetricsHandlerOptions, startMetricsServer } from "@busbar/busbar/http";
import { freePort } from "./loopback.ts";
import { start } from "./processes.ts";

/** A Prometheus that scrapes, each second, what is served to it. */
export interface RealPrometheus extends AsyncDisposable {
  /** Asks its HTTP API, and gives the answer's `data`. */
  ask(path: string, parameters: Record<string, string>): Promise<unknown>;
  /** The value of the first series that an expression gives. */
  value(expression: string): Promise<string | undefined>;
}

/** Starts one, and waits until it has stored a first scrape. */
export async function startPrometheus(
  scrape: MetricsHandlerOptions["scrape"],
  ...flags: string[]
): Promise<RealPrometheus> {
  let scraped = 0;
  // The second scrape begins only when the first has been stored.
  const twice = Promise.withResolvers<void>();
  const server = await startMetricsServer({
    port: 0,
    scrape: (format) => {
      if (++scraped === 2) twice.resolve();
      return scrape(format);
    },
  });
  const directory = await mkdtemp(`${tmpdir()}/busbar-prometheus-`);
  const target = new URL(server.metricsUrl).host;
  await writeFile(
    `${directory}/prometheus.yml`,
    `scrape_configs:
  - job_name: busbar
    scrape_interval: 1s
    static_configs: [{ targets: ["${target}"] }]
`,
  );
  const port = await freePort();
  const prometheus = start("prometheus", [
    `--config.file=${directory}/prometheus.yml`,
    `--storage.tsdb.path=${directory}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
    ...flags,
  ]);
  const stop = async () => {
    prometheus.kill("SIGKILL");
    await prometheus.ended;
    await rm(directory, { recursive: true });
    await server.shutdown();
  };
  try {
    await deadline(twice.promise, 30_000);
  } catch (error) {
    await stop();
    throw error;
  }
  const ask = async (path: string, parameters: Record<string, string>) => {
    const url = `http://127.0.0.1:${port}/api/v1/${path}?${new URLSearchParams(parameters)}`;
    return (await (await fetch(url)).json()).data;
  };
  return {
    ask,
    async value(expression) {
      const { result } = await ask("query", { query: expression });
      return result[0]?.value[1];
    },
    [Symbol.asyncDispose]: stop,
  };
}
