import { assert, assertEquals } from "@std/assert";
import { README_PORT, readmeService } from "../../scripts/readme_service.ts";
import { start } from "../support/processes.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.test("the README's first service is fifteen lines that answer, and serve /metrics", async () => {
  const code = await readmeService();
  const lines = code.trimEnd().split("\n").filter((line) => line !== "");
  assert(lines.length <= 15, String(lines.length));
  // On a port that is free, which it tells.
  const listens = `server.listen(${README_PORT}, "127.0.0.1");`;
  assert(code.includes(listens), code);
  const program = code.replace(
    listens,
    `server.listen(0, "127.0.0.1", () => console.log("port " + server.address().port));`,
  );
  await using service = start(Deno.execPath(), [
    ...["run", "--quiet", "--no-prompt", "--allow-net=127.0.0.1", "--config"],
    ...[new URL("deno.json", ROOT).pathname, "-"],
  ], { input: program });
  const [, port] = await service.printed(/port (\d+)\n/);
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return [response.status, await response.text()] as const;
  };
  assertEquals(await get("/items/7"), [200, "hello\n"]);
  assertEquals(await get("/nowhere"), [404, "hello\n"]);
  await service.printed(/"body":"GET \/nowhere 404/); // a log line of each
  const [, scrape] = await get("/metrics");
  const counts = scrape.match(/^http_server_request_duration_seconds_count.*$/gm) ?? [];
  assertEquals(counts.length, 2, scrape);
  assert(counts[0]?.includes('http_route="/items/:id"') && counts[0].endsWith(" 1"), counts[0]);
});

Deno.test("the README's picture is a small one, of that service", async () => {
  const svg = await Deno.readTextFile(new URL("docs/images/scrape.svg", ROOT));
  assert(svg.length < 150_000, String(svg.length));
  for (const part of [`curl 127.0.0.1:${README_PORT}/items/7`, "http_server_request_duration"]) {
    assert(svg.includes(part), part);
  }
});

Deno.test("the README's figures are those of docs/benchmarks.md", async () => {
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  const benchmarks = await Deno.readTextFile(new URL("docs/benchmarks.md", ROOT));
  const costs = /^## What it costs\n(.*?)^## /ms.exec(readme)?.[1] ?? "";
  const figures = costs.split("\n").filter((line) => line.startsWith("|")).slice(2)
    .flatMap((row) => row.split("|").slice(2, -2).join(",").match(/\d+\.\d+/g) ?? []);
  assert(figures.length >= 15, String(figures));
  assertEquals(figures.filter((figure) => !benchmarks.includes(figure)), []);
});
