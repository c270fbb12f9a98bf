// deno-lint-ignore-file no-console -- the test reads what this program prints
/**
 * A service that ends as Kubernetes asks for: at SIGTERM it is not ready, goes on until a request
 * says that the drain is over, closes its server and ends. It prints its port, and at the end what
 * its bus has delivered.
 *
 * @module
 */
import { startObservability } from "@busbar/busbar/observability";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { clocks } from "../../../src/internal/clocks.ts";

const DRAIN_MS = 600_000;
const drain = Promise.withResolvers<void>();
const { setTimeout } = clocks;
clocks.setTimeout = (callback, delayMs) => {
  if (delayMs === DRAIN_MS) drain.promise.then(callback);
  return setTimeout(callback, delayMs);
};

const delivered: string[] = [];
const obs = await startObservability({ server: false, env: () => undefined });
obs.bus.subscribe("request", ({ metadata }) => void delivered.push(metadata as string));

const server = createServer((incoming, outgoing) => {
  if (incoming.url?.startsWith("/internal/")) return obs.nodeHandler(incoming, outgoing);
  obs.bus.publish("request", incoming.url);
  outgoing.end("served");
  if (incoming.url === "/last") outgoing.on("close", () => drain.resolve());
});
server.listen(0, "127.0.0.1", () => {
  console.log(`port: ${(server.address() as AddressInfo).port}`);
});
process.on("SIGTERM", async () => {
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  await obs.shutdown({ drainMs: DRAIN_MS, close }).catch(console.error);
  console.log(`delivered: ${delivered.join()}`);
  process.exit(7);
});
