/**
 * A process with OTEL_DENO=true: a server of Deno's with the adapter, whose handler runs an operation
 * with a span of OpenTelemetry's API in it, and asks the server once more. It asks it itself, as part of
 * the trace that is its argument.
 */
import { trace } from "@opentelemetry/api";
import { declare } from "@busbar/busbar/catalog";
import { operation } from "@busbar/busbar/context";
import {
  httpClientCatalog,
  httpServerCatalog,
  instrumentFetch,
  instrumentHandler,
} from "@busbar/busbar/instrumentation/http";
import { startObservability } from "@busbar/busbar/observability";

interface Events {
  "work.start": undefined;
  "work.end": undefined;
}
const { catalog, span } = declare<Events>();
const obs = await startObservability({
  catalog: [
    httpServerCatalog,
    httpClientCatalog,
    catalog({ spans: { work: span("work.start", "work.end") } }),
  ],
  tracingEnabled: true,
  metricsEnabled: false,
  loggingEnabled: false,
  logger: { warn() {} },
});
const fetchOn = instrumentFetch({ bus: obs.bus, origins: ["*"] });
const traceparents: (string | null)[] = [];
let origin = "";

const work = () =>
  operation(obs.bus, ["work.start", "work.end"], undefined, async (op) => {
    // Deno's tracer chooses a span's ids when the start has been handled.
    await obs.bus.flush();
    trace.getTracer("own").startSpan("own").end();
    await (await fetchOn(`${origin}/stock/1`)).text();
    return op.end();
  });
await using server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen() {} },
  instrumentHandler(obs.bus, async (request: Request) => {
    if (new URL(request.url).pathname.startsWith("/items/")) await work();
    else traceparents.push(request.headers.get("traceparent"));
    return new Response("ok");
  }, { route: ["/items/:id", "/stock/:id"] }),
);
const { port } = server.addr;
origin = `http://127.0.0.1:${port}`;
// By hand: whoever asks is no part of what is traced.
using connection = await Deno.connect({ hostname: "127.0.0.1", port });
const head = `GET /items/7 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n` +
  `traceparent: 00-${Deno.args[0]}-b7ad6b7169203331-01\r\n\r\n`;
await connection.write(new TextEncoder().encode(head));
const answer = new Uint8Array(1_024);
while (await connection.read(answer) !== null);
await obs.flush();
// deno-lint-ignore no-console -- the test reads it
console.log(JSON.stringify(traceparents));
await obs.shutdown();
