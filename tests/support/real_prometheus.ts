import { writeFile } from "node:fs/promises";
import { deadline } from "@std/async";
import { serveMetrics, type ServeMetricsOptions } from "@busbar/busbar/http";
import { start } from "./processes.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** It takes three seconds or so. */
const START_TIMEOUT_MS = 60_000;

/** A Prometheus that scrapes, each second, what is served to it. */
export interface RealPrometheus extends AsyncDisposable {
  /** Asks its HTTP API, and gives the answer's `data`. */
  ask(path: string, parameters: Record<string, string>): Promise<unknown>;
  /** The value of the first series that an expression gives. */
  value(expression: string): Promise<string | undefined>;
}

/** Starts one, and waits until it has stored a first scrape. */
export async function startPrometheus(
  scrape: ServeMetricsOptions["scrape"],
  ...flags: string[]
): Promise<RealPrometheus> {
  let scraped = 0;
  // The second scrape begins only when the first has been stored.
  const twice = Promise.withResolvers<void>();
  const server = await serveMetrics({
    port: 0,
    scrape: (format) => {
      if (++scraped === 2) twice.resolve();
      return scrape(format);
    },
  });
  const folder = await temporaryFolder();
  const target = new URL(server.metricsUrl).host;
  await writeFile(
    `${folder.path}/prometheus.yml`,
    `scrape_configs:
  - job_name: busbar
    scrape_interval: 1s
    static_configs: [{ targets: ["${target}"] }]
`,
  );
  const prometheus = start("prometheus", [
    `--config.file=${folder.path}/prometheus.yml`,
    `--storage.tsdb.path=${folder.path}/data`,
    "--web.listen-address=127.0.0.1:0",
    ...flags,
  ]);
  const stop = async () => {
    await prometheus[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
    await server.shutdown();
  };
  let origin: string;
  try {
    const listens = prometheus.printed(/"Listening on" address=([\d.:]+)/, "stderr");
    [, origin = ""] = await deadline(listens, START_TIMEOUT_MS);
    await deadline(twice.promise, START_TIMEOUT_MS);
  } catch (error) {
    await stop();
    throw error;
  }
  const ask = async (path: string, parameters: Record<string, string>) => {
    const url = `http://${origin}/api/v1/${path}?${new URLSearchParams(parameters)}`;
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
