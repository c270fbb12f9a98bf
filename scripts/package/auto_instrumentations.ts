import { project as config } from "./manifest.ts";
import { createProject } from "./consumer.ts";
import { BUSBAR, type Package } from "./packages.ts";
import { tools } from "./tools.ts";

const AUTO = "@opentelemetry/auto-instrumentations-node";

/** What is beside the package: OpenTelemetry's own SDK, a copy of its own, and what it instruments. */
const BESIDE = {
  "@opentelemetry/api": "1.10.0",
  [AUTO]: "0.82.0",
  ...Object.fromEntries(["express", "fastify"].map((name) => [
    name,
    config.imports[name]?.replace(`npm:${name}@`, "") ?? "",
  ])),
};

/** Each serves `/items/:id`, which asks `/stock/:id` of the same server. */
const APPS = {
  express: `
    const app = require("express")();
    app.use(http.expressMiddleware(obs.bus));
    app.get("/items/:id", async (_request, response) => response.send(await item()));
    app.get("/stock/:id", (request, response) => response.send(stock(request)));
    server = createServer(app);`,
  fastify: `
    const app = require("fastify")();
    await app.register(http.fastifyPlugin(obs.bus));
    app.get("/items/:id", () => item());
    app.get("/stock/:id", stock);
    await app.ready();
    server = app.server;`,
  "node:http": `
    server = createServer(http.instrumentListener(obs.bus, async (request, response) => {
      response.end(request.url.startsWith("/items/") ? await item() : stock(request));
    }, { route: ["/items/:id", "/stock/:id"] }));`,
};

const program = (app: string) => `
const { createServer } = require("node:http");
const { trace } = require("@opentelemetry/api");
const { declare } = require("${BUSBAR.name}/catalog");
const { operation } = require("${BUSBAR.name}/context");
const http = require("${BUSBAR.name}/instrumentation/http");
const { startObservability } = require("${BUSBAR.name}/observability");

async function main() {
  const { catalog, span } = declare();
  const shop = catalog({
    spans: { checkout: span("checkout.start", "checkout.end"), charge: span("charge.start", "charge.end") },
  });
  const logged = [];
  const obs = await startObservability({
    catalog: [http.httpServerCatalog, http.httpClientCatalog, shop],
    server: false,
    tracingEnabled: true,
    logSink: ({ spanId }) => void logged.push(spanId),
  });
  const fetch = http.instrumentFetch({ bus: obs.bus, origins: ["*"] });
  const traceparents = [];
  let server, origin;
  const stock = (request) => {
    traceparents.push(request.headers.traceparent);
    return "12";
  };
  const item = () => operation(obs.bus, ["checkout.start", "checkout.end"], {}, async (checkout) => {
    await trace.getTracer("own").startActiveSpan("own", async (own) => {
      await operation(obs.bus, ["charge.start", "charge.end"], {}, async (charge) => charge.end({}));
      own.end();
    });
    return checkout.end({}, await (await fetch(origin + "/stock/1")).text());
  });
  ${app}
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = "http://127.0.0.1:" + server.address().port;
  console.log(origin);
  process.on("SIGUSR2", async () => {
    await obs.flush();
    const scrape = await obs.scrape();
    const counted = scrape.match(/^http_server_request_duration_seconds_count.*http_route="[^"]*".* 1$/gm);
    await obs.shutdown();
    console.log(JSON.stringify({ logged, traceparents, counted: counted.length }));
  });
}
main();
`;

interface Span {
  readonly scope: string;
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
}

const SERVER = 2;
const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const TRACEPARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;

/** The spans of a request as JSON over OTLP, of both SDKs. */
function spansOf(request: unknown): Span[] {
  const { resourceSpans } = request as {
    resourceSpans: { scopeSpans: { scope: { name: string }; spans: Span[] }[] }[];
  };
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap(({ scope, spans }) => spans.map((span) => ({ ...span, scope: scope.name })));
}

/** Runs an app on Node beside the instrumentations. @returns all spans, and what the app printed */
async function traced(directory: string, app: string) {
  await Deno.writeTextFile(`${directory}main.cjs`, program(app));
  const spans: Span[] = [];
  const complete = Promise.withResolvers<void>();
  await using receiver = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      if (new URL(request.url).pathname === "/v1/traces") {
        spans.push(...spansOf(await request.json()));
      }
      // Both SDKs have pushed.
      if (
        spans.filter(({ kind }) => kind === SERVER).length >= 2 &&
        spans.some(({ name }) => name === "checkout")
      ) complete.resolve();
      return Response.json({});
    },
  );
  const child = new Deno.Command(tools.node22, {
    args: ["--require", `${AUTO}/register`, "main.cjs"],
    cwd: directory,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${receiver.addr.port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_BSP_SCHEDULE_DELAY: "100",
      OTEL_LOGS_EXPORTER: "none",
      OTEL_NODE_RESOURCE_DETECTORS: "none",
      OTEL_NODE_DISABLED_INSTRUMENTATIONS: "fs,net,dns",
    },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  try {
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let printed = "";
    const next = async (pattern: RegExp): Promise<string> => {
      for (;;) {
        const [found] = pattern.exec(printed) ?? [];
        if (found !== undefined) return found;
        const { value, done } = await lines.read();
        if (done) throw new Error(`The app ended, it printed:\n${printed}`);
        printed += value;
      }
    };
    const origin = await next(/http:\/\/127\.0\.0\.1:\d+(?=\n)/);
    const headers = { traceparent: TRACEPARENT };
    await (await fetch(`${origin}/items/7`, { headers })).text();
    child.kill("SIGUSR2");
    const told = JSON.parse(await next(/^\{.*\}(?=\n)/m));
    await complete.promise;
    return { spans, ...told };
  } finally {
    child.kill("SIGKILL");
    await child.status;
    await child.stdout.cancel().catch(() => {});
  }
}

/** One trace, with one server span a request, which is theirs; ours between theirs. */
function assertOneTrace(name: string, { spans, logged, traceparents, counted }: {
  spans: Span[];
  logged: string[];
  traceparents: string[];
  counted: number;
}): void {
  const fail = (what: string): never => {
    const lines = spans.map((span) => JSON.stringify(span)).join("\\n");
    throw new Error(`Beside ${AUTO}, ${name}: ${what}\n${lines}\n${traceparents}`);
  };
  const byName = (wanted: string) =>
    spans.find(({ name }) => name === wanted) ?? fail(`no ${wanted}`);
  const parentOf = (wanted: string) =>
    spans.find(({ spanId }) => spanId === byName(wanted).parentSpanId);
  const servers = spans.filter(({ kind }) => kind === SERVER);
  if (spans.some(({ traceId }) => traceId !== TRACE_ID)) fail("there is a second trace");
  if (servers.length !== 2) fail(`there are ${servers.length} server spans for two requests`);
  if (servers.some(({ scope }) => scope === "busbar")) fail("a server span is Busbar's");
  if (byName("GET /items/:id").parentSpanId !== TRACEPARENT.slice(36, 52)) fail("no caller");
  if (parentOf("own")?.name !== "checkout") fail("their span is not the operation's child");
  if (parentOf("charge")?.name !== "own") fail("the operation is not their span's child");
  if (parentOf("GET /stock/:id")?.scope !== "busbar") {
    fail("the request that was sent is no parent");
  }
  if (!traceparents.every((one) => /^00-[\da-f-]{52}$/.test(one))) fail("a traceparent is doubled");
  if (logged.toSorted().join() !== servers.map(({ spanId }) => spanId).toSorted().join()) {
    fail(`the access log refers to ${logged}`);
  }
  if (counted !== 2) fail(`${counted} routes are counted`);
}

/** Beside OpenTelemetry's own instrumentations, with an SDK of theirs, all is one trace. */
export async function checkBesideAutoInstrumentations({ tarball }: Package): Promise<void> {
  await using project = await createProject({ [BUSBAR.name]: `file:${tarball}`, ...BESIDE });
  for (const [name, app] of Object.entries(APPS)) {
    assertOneTrace(name, await traced(project.directory, app));
  }
}
