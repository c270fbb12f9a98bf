// deno-lint-ignore-file no-console -- a service prints where it listens
import process from "node:process";
import express from "express";
import {
  expressMiddleware,
  httpServerCatalog,
  setHttpError,
} from "@busbar/busbar/instrumentation/http";
import { startObservability } from "@busbar/busbar/observability";
import { readStock, shop } from "./shop.ts";

const obs = await startObservability({
  serviceName: "shop",
  catalog: [httpServerCatalog, shop],
  server: false, // the service has a port already
  exitHooks: { close: () => new Promise((resolve) => server.close(resolve)) },
  args: process.argv.slice(2),
});

const app = express();
app.use(expressMiddleware(obs.bus)); // before all others
app.get("/metrics", obs.nodeHandler);
app.get("/items/:id", async (request, response) => {
  response.json({ stock: await readStock(obs.bus, request.params.id) });
});
// Express keeps errors to itself: this hands them on to the span and the log record.
app.use((error, request, response, _next) => {
  setHttpError(request, error);
  response.status(500).json({ error: "sorry" });
});

const server = app.listen(Number(process.env.PORT ?? 8000), "127.0.0.1", () => {
  console.log(`shop: http://127.0.0.1:${server.address().port}`);
});
