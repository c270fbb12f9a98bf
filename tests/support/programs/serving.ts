// deno-lint-ignore-file no-console -- the test reads what this program prints
/**
 * A program that serves metrics and asks for them, on whatever runtime it is started with, and
 * prints what it was answered.
 *
 * @module
 */
import { serveMetrics } from "@busbar/busbar/http";

const scrape = (format: string) =>
  Promise.resolve(format === "openmetrics" ? "up 1.0\n# EOF\n" : "up 1\n");
const server = await serveMetrics({ port: 0, scrape });
const url = new URL(server.metricsUrl);

async function ask(path: string, init: RequestInit = {}): Promise<unknown[]> {
  const response = await fetch(`${url.origin}${path}`, init);
  const { headers } = response;
  return [response.status, headers.get("content-type"), await response.text()];
}

const answers = [
  [url.hostname, url.pathname],
  await ask("/metrics"),
  await ask("/metrics", { headers: { accept: "application/openmetrics-text" } }),
  await ask("/metrics", { headers: { "accept-encoding": "gzip" } }),
  await ask("/metrics", { method: "HEAD" }),
  await ask("/metrics", { method: "POST", body: "x".repeat(100_000) }),
  await ask("/healthz?x=%"),
  await ask("//"),
];
try {
  await serveMetrics({ port: Number(url.port), scrape });
} catch (error) {
  const { name, port } = error as Error & { port?: number };
  answers.push([name, port === Number(url.port)]);
}
await Promise.all([server.shutdown(), server.shutdown()]);
answers.push([await fetch(url).then(() => "still there", () => "gone")]);
console.log(JSON.stringify(answers));
