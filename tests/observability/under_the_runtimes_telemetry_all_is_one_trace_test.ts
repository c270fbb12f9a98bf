import { assertEquals, assertMatch } from "@std/assert";
import { startScript } from "../support/processes.ts";

const PROGRAM = new URL("../support/programs/http_under_runtime_telemetry.ts", import.meta.url);

interface Span {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
}

const SERVER = 2;
const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";

Deno.test("under the runtime's telemetry a request is one trace, with one server span", async () => {
  const spans: Span[] = [];
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const { resourceSpans = [] } = await request.json();
      for (const { scopeSpans } of resourceSpans) {
        for (const scope of scopeSpans) spans.push(...scope.spans);
      }
      return Response.json({});
    },
  );
  await using child = startScript(PROGRAM, [TRACE_ID], {
    env: {
      OTEL_DENO: "true",
      OTEL_DENO_CONSOLE: "ignore",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${server.addr.port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    },
  });
  const { code, stdout, stderr } = await child.ended;
  assertEquals([code, stderr], [0, ""]);
  for (const traceparent of JSON.parse(stdout)) assertMatch(traceparent, /^00-[\da-f-]{52}$/);
  const ofTrace = spans.filter(({ traceId }) => traceId === TRACE_ID);
  const nameOf = (id: string | undefined) => ofTrace.find(({ spanId }) => spanId === id)?.name;
  const parents = (name: string) =>
    ofTrace.filter((span) => span.name === name).map(({ parentSpanId }) => nameOf(parentSpanId));
  const servers = ofTrace.filter(({ kind }) => kind === SERVER);
  assertEquals(servers.map(({ name }) => name).toSorted(), ["GET /items/:id", "GET /stock/:id"]);
  assertEquals([parents("work"), parents("own")], [["GET /items/:id"], ["work"]]);
  // The client's span has no ids yet when the request is sent: its own parent's go out.
  assertEquals(parents("GET /stock/:id"), ["work"]);
  // Ours, and the one that Deno makes all the same.
  assertEquals(parents("GET"), ["work", "work"]);
});
