import { assert, assertEquals } from "@std/assert";
import { startScript } from "../../support/processes.ts";
import { METRICS_HERE } from "../../support/runtime_metrics.ts";

const PROGRAM = new URL(
  "../../support/programs/metrics_under_runtime_telemetry.ts",
  import.meta.url,
);

interface ExportedMetrics {
  readonly resourceMetrics?: readonly {
    readonly scopeMetrics?: readonly { readonly metrics?: readonly { readonly name: string }[] }[];
  }[];
}

Deno.test("under the runtime's own telemetry all of them are pushed, and none of them twice", async () => {
  /** What each push had. */
  const pushes: string[][] = [];
  const measured = Promise.withResolvers<void>();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/wait") await measured.promise;
      else {
        const { resourceMetrics = [] }: ExportedMetrics = await request.json();
        const names = resourceMetrics.flatMap(({ scopeMetrics = [] }) => scopeMetrics)
          .flatMap(({ metrics = [] }) => metrics.map(({ name }) => name));
        pushes.push(names);
        if (names.includes("nodejs.eventloop.delay.max")) measured.resolve();
      }
      return Response.json({});
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  await using child = startScript(PROGRAM, [], {
    env: {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_METRIC_EXPORT_INTERVAL: "50",
      WAIT_URL: `${url}/wait`,
    },
  });
  assertEquals((await child.ended).code, 0);
  const full = pushes.find((names) => names.includes("nodejs.eventloop.delay.max")) ?? [];
  const missing = METRICS_HERE.filter(({ name }) => !full.includes(name));
  assertEquals(missing, []);
  for (const names of pushes) {
    const twice = names.filter((name, at) => names.indexOf(name) !== at);
    assert(twice.length === 0, `${twice}`);
  }
});
