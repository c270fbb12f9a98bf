/**
 * A real OpenTelemetry Collector, which hands on what it takes to a receiver of ours, as OTLP/JSON.
 *
 * @module
 */

/** What has come out of the collector. */
export interface Collector extends AsyncDisposable {
  /** Where it takes OTLP over HTTP. */
  readonly endpoint: string;
  /** The next of the requests that it has handed on; `undefined` if there is none. */
  take(): { readonly path: string; readonly body: unknown } | undefined;
}

const SOURCES = new URL("./collector/", import.meta.url).pathname;

/** A collector's program. */
export interface CollectorProgram extends AsyncDisposable {
  readonly path: string;
}

/**
 * The collector of `OTELCOL_BIN`, or one that is built from the Go module proxy, and removed at the end.
 *
 * @returns `undefined` if there is neither one nor Go
 * @throws {Error} if it cannot be built
 */
export async function collectorProgram(): Promise<CollectorProgram | undefined> {
  const given = Deno.env.get("OTELCOL_BIN");
  if (given) return { path: given, [Symbol.asyncDispose]: () => Promise.resolve() };
  const go = await installedGo();
  if (go === undefined) return undefined;
  const folder = await Deno.makeTempDir({ prefix: "busbar-collector-" });
  const remove = () => Deno.remove(folder, { recursive: true });
  const path = `${folder}/collector`;
  const { code, stderr } = await new Deno.Command(go, {
    args: ["build", "-ldflags=-s -w", "-o", path, "."],
    cwd: SOURCES,
  }).output();
  if (code === 0) return { path, [Symbol.asyncDispose]: remove };
  await remove();
  throw new Error(`Cannot build it: ${new TextDecoder().decode(stderr)}`);
}

async function installedGo(): Promise<string | undefined> {
  for (const program of ["go", "/usr/local/go/bin/go"]) {
    try {
      if ((await new Deno.Command(program, { args: ["version"] }).output()).success) return program;
    } catch {
      // The next one.
    }
  }
  return undefined;
}

/** Starts a collector; it ends when it is disposed of. */
export async function startCollector(binary: string): Promise<Collector> {
  const queue: { path: string; body: unknown }[] = [];
  const receiver = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      queue.push({ path: new URL(request.url).pathname, body: await request.json() });
      return Response.json({});
    },
  );
  const port = freePort();
  const config = JSON.stringify({
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
    exporters: {
      otlphttp: {
        endpoint: `http://127.0.0.1:${receiver.addr.port}`,
        encoding: "json",
        compression: "none",
        sending_queue: { enabled: false },
      },
    },
    service: {
      telemetry: { metrics: { level: "none" } },
      pipelines: Object.fromEntries(
        ["metrics", "traces", "logs"].map((signal) => [
          signal,
          { receivers: ["otlp"], exporters: ["otlphttp"] },
        ]),
      ),
    },
  });
  const child = new Deno.Command(binary, {
    args: [`--config=yaml:${config}`],
    stdout: "null",
    stderr: "piped",
  }).spawn();
  await isReady(child.stderr);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    take: () => queue.shift(),
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      await child.status;
      await receiver.shutdown();
    },
  };
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

/** Waits for the line that says so, and then reads on, so that the collector can write. */
async function isReady(stream: ReadableStream<Uint8Array>): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let text = "";
  void (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      text = (text + decoder.decode(chunk, { stream: true })).slice(-10_000);
      if (text.includes("Everything is ready")) resolve();
    }
    reject(new Error(`The collector has ended: ${text}`));
  })();
  await promise;
}
