/**
 * Serves the Workers' recipe with workerd, from the installed tarball: each request's spans have
 * arrived when nothing is under way any more.
 *
 * @module
 */
import { deadline } from "@std/async";
import { OtlpReceiver } from "../../../tests/support/otlp_receiver.ts";
import { ROOT, run } from "../../package/run.ts";
import { tools } from "../../package/tools.ts";
import { serve } from "./serve.ts";

/** Bundles it as Cloudflare's tools do: what Node has is left to the runtime. */
async function bundle(directory: string): Promise<void> {
  await run("cp", ["-r", `${ROOT}examples/recipes`, `${directory}recipes`]);
  await run(tools.esbuild, [
    ...["--bundle", "--format=esm", "--target=es2022", "--platform=node", "--log-level=error"],
    ...["http", "url"].map((name) => `--alias:${name}=node:${name}`),
    ...["--conditions=workerd,worker,browser", "--outfile=service.js", "recipes/worker.ts"],
  ], { cwd: directory });
}

/** Spans that have not come by then do not come. */
const DELIVERY_TIMEOUT_MS = 20_000;

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
/** Of both requests that read the stock, of their spans, and of the one that finds nothing. */
const EXPECTED = [
  "GET",
  "GET /items/:id",
  "GET /items/:id failed",
  "stock.read",
  "stock.read failed",
];

/** @returns what was wrong */
export async function testRecipe(directory: string): Promise<string[]> {
  const complete = Promise.withResolvers<void>();
  await using receiver = await OtlpReceiver.start(() => {
    if (namesIn(receiver).length >= EXPECTED.length) complete.resolve();
    return new Response();
  });
  await bundle(directory);
  await using worker = await serve(directory, { OTLP_ENDPOINT: receiver.endpoint });
  const headers = { traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01` };
  const statuses: number[] = [];
  for (const path of ["/items/7", "/items/broken", "/nowhere"]) {
    const response = await fetch(worker.url + path, { headers });
    await response.body?.cancel();
    statuses.push(response.status);
  }
  // What is missing then is told below.
  await deadline(complete.promise, DELIVERY_TIMEOUT_MS).catch(() => {});
  const [found, told] = [namesIn(receiver).sort().join(), statuses.join()];
  return [
    ...found === EXPECTED.join() ? [] : [`the recipe's spans: ${found}`],
    ...told === "200,500,404" ? [] : [`the recipe's statuses: ${told}`],
  ];
}

/** The names of the spans of the caller's trace. */
function namesIn({ received }: OtlpReceiver): string[] {
  return received.flatMap(({ body }) => body.resourceSpans ?? [])
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap(({ spans }) => spans)
    .filter(({ traceId }) => traceId === TRACE_ID)
    .map(({ name, status }) => status?.code === 2 ? `${name} failed` : name);
}
