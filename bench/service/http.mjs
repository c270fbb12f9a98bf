// deno-lint-ignore-file no-console -- what starts it reads what it prints
/** The service over HTTP, of Express. */
import process from "node:process";
import express from "express";
import { createInstrumentation } from "./create_instrumentation.ts";

const { begin, query, end, settle } = await createInstrumentation();
let requests = 0;
const app = express();
app.get("/usage", async (_request, response) => {
  // What is under way counts as well.
  const delivered = await settle();
  const { user, system } = process.cpuUsage();
  const rssBytes = process.memoryUsage.rss();
  response.json({ cpuUs: user + system, rssBytes, requests, ...delivered });
});
app.use((_request, response, next) => {
  const request = begin();
  response.locals.request = request;
  response.once("close", () => end(request));
  next();
});
app.get("/items/:id", (request, response) => {
  requests++;
  query(response.locals.request);
  response.json({ id: request.params.id });
});
const server = app.listen(0, "127.0.0.1", () => console.error(`port ${server.address().port}`));
