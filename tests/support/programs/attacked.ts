// deno-lint-ignore-file no-console -- the test reads what this program prints
/**
 * A program that serves metrics until it is told to end, on whatever runtime it is started with. It
 * prints its port, and then what its logger gets.
 *
 * @module
 */
import { serveMetrics } from "@busbar/busbar/http";
import process from "node:process";

const server = await serveMetrics({
  port: 0,
  scrape: () => Promise.resolve("up 1\n"),
  routes: [
    {
      path: "/fails",
      handle: () => {
        throw new Error("the secret reason");
      },
    },
    {
      path: "/where",
      methods: ["GET", "POST"],
      handle: async (request) =>
        new Response(`${new URL(request.url).pathname}, ${(await request.text()).length} bytes\n`),
    },
  ],
  logger: { warn: (line: string) => console.log(`told: ${line}`) },
});
console.log(`port: ${new URL(server.origin).port}`);
process.on("SIGTERM", () => {
  server.shutdown({ timeoutMs: 2_000 }).then(() => process.exit(0));
});
