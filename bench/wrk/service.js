// deno-lint-ignore-file no-console -- what starts it reads what it prints
/** An Express service with everything on, or with listeners that do nothing: `MODE` says which. */
import process from "node:process";
import express from "express";

const STATEMENT = "select * from items where id = ?";

/** What is used of either. */
async function createInstrumentation() {
  if (process.env.MODE === "nothing") {
    const nothing = () => {};
    return {
      middleware: (_request, response, next) => {
        response.on("finish", nothing);
        response.on("close", nothing);
        next();
      },
      query: nothing,
      settle: () => ({ lost: 0 }),
    };
  }
  const { declare } = await import("@busbar/busbar/catalog");
  const { operation } = await import("@busbar/busbar/context");
  const { expressMiddleware, httpServerCatalog } = await import(
    "@busbar/busbar/instrumentation/http"
  );
  const { startObservability } = await import("@busbar/busbar/observability");
  const { jsonLinesSink } = await import("@busbar/busbar/subscribers");
  const { catalog, duration, span } = declare();
  const db = catalog({
    metrics: {
      "db.query.duration": duration("db.start", "db.end", {
        attributes: ({ metadata: { statement } }) => ({ statement }),
      }),
    },
    spans: { "db.query": span("db.start", "db.end", { kind: "client" }) },
  });
  const { bus, flush } = await startObservability({
    catalog: [httpServerCatalog, db],
    serviceName: "api",
    tracingEnabled: true,
    server: false,
    logSink: jsonLinesSink(),
    maxPerSecond: Infinity,
  });
  return {
    middleware: expressMiddleware(bus),
    query: () =>
      operation(
        bus,
        ["db.start", "db.end"],
        { statement: STATEMENT },
        (op) => op.end({ statement: STATEMENT }),
      ),
    settle: async () => {
      await flush();
      return { lost: bus.droppedEventsCount };
    },
  };
}

const { middleware, query, settle } = await createInstrumentation();
let requests = 0;
const app = express();
app.get("/usage", async (_request, response) => {
  // What is under way counts as well.
  const { lost } = await settle();
  const { user, system } = process.cpuUsage();
  response.json({ cpuUs: user + system, requests, lost });
});
app.use(middleware);
app.get("/items/:id", (request, response) => {
  requests++;
  query();
  response.json({ id: request.params.id });
});
const server = app.listen(0, "127.0.0.1", () => console.error(`port ${server.address().port}`));
