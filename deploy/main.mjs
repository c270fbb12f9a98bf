// deno-lint-ignore-file no-console -- a service says where it listens
// A service as it runs in a container: its own port for requests, another one for metrics and health.
import { createServer } from "node:http";
import process from "node:process";
import { httpServerCatalog, instrumentListener } from "@busbar/busbar/instrumentation/http";
import { startObservability } from "@busbar/busbar/observability";

// The rest of the configuration is in the environment: see kubernetes/deployment.yaml.
const obs = await startObservability({
  catalog: httpServerCatalog,
  exitHooks: {
    // Longer than the readiness probe takes to fail, so that nobody sends requests any more.
    drainMs: Number(process.env.DRAIN_MS ?? 5_000),
    timeoutMs: 10_000,
    close: () => new Promise((resolve) => server.close(resolve)),
  },
});

const server = createServer(instrumentListener(obs.bus, (request, response) => {
  response.statusCode = request.url?.startsWith("/items/") ? 200 : 404;
  response.end("hello\n");
}, { route: ["/items/:id"] }));

server.listen(
  Number(process.env.PORT ?? 8000),
  process.env.HOST ?? "127.0.0.1",
  () => {
    const { address, port } = server.address();
    console.log(
      JSON.stringify({
        body: "listening",
        address,
        port,
        metricsUrl: obs.metricsUrl,
      }),
    );
  },
);
