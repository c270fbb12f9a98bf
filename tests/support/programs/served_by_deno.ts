/**
 * A service for `deno serve --parallel`. Each thread prints that it is there, and, when it has
 * delivered what it had published, that it has. Deliveries take their time, each thread's another.
 *
 * @module
 */
import { EventBus } from "@busbar/busbar";
import { installExitHooks } from "@busbar/busbar/exit";
import process from "node:process";

const print = (line: string) => void process.stdout.write(`${line}\n`);
const bus = new EventBus().start();
const [first = 0] = crypto.getRandomValues(new Uint8Array(1));
process.once("SIGTERM", () => void bus.publish("last"));
bus.subscribe("last", async () => {
  await new Promise((resolve) => setTimeout(resolve, first));
  print("delivered");
});
installExitHooks(bus);
print("there");

export default { fetch: () => new Response("served") };
