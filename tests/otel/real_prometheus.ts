import { deadline } from "@std/async";
import { type MetricsHandlerOptions, serveMetrics } from "@busbar/busbar/http";

/** Debian's package `prometheus` brings `promtool` too; `.ci/run` installs it. */
export function installed(program: string): boolean {
  try {
    new Deno.Command(program, { args: ["--version"], stdout: "null", stderr: "null" }).outputSync();
    return true;
  } catch {
    return false;
  }
}

/** A Prometheus that scrapes, each second, what is served to it. */
export interface RealPrometheus extends AsyncDisposable {
  /** Asks its HTTP API, and gives the answer's `data`. */
  ask(path: string, parameters: Record<string, string>): Promise<unknown>;
  /** The value of the first series that an expression gives. */
  value(expression: string): Promise<string | undefined>;
}

function freePort(): number {
  using probe = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return probe.addr.port;
}

/** Starts one, and waits until it has stored a first scrape. */
export async function startPrometheus(
  scrape: MetricsHandlerOptions["scrape"],
  ...flags: string[]
): Promise<RealPrometheus> {
  await using cleanUp = new AsyncDisposableStack();
  let scraped = 0;
  // The second scrape begins only when the first has been stored.
  const twice = Promise.withResolvers<void>();
  const server = cleanUp.use(serveMetrics({
    port: 0,
    scrape: (format) => {
      if (++scraped === 2) twice.resolve();
      return scrape(format);
    },
  }));
  const directory = await Deno.makeTempDir();
  cleanUp.defer(() => Deno.remove(directory, { recursive: true }));
  const target = new URL(server.metricsUrl).host;
  await Deno.writeTextFile(
    `${directory}/prometheus.yml`,
    `scrape_configs:
  - job_name: busbar
    scrape_interval: 1s
    static_configs: [{ targets: ["${target}"] }]
`,
  );
  const port = freePort();
  const prometheus = new Deno.Command("prometheus", {
    args: [
      `--config.file=${directory}/prometheus.yml`,
      `--storage.tsdb.path=${directory}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      ...flags,
    ],
    stdout: "null",
    stderr: "null",
  }).spawn();
  cleanUp.defer(async () => {
    prometheus.kill("SIGKILL");
    await prometheus.status;
  });
  await deadline(twice.promise, 30_000);
  const stop = cleanUp.move();
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
    [Symbol.asyncDispose]: () => stop.disposeAsync(),
  };
}
