// deno-lint-ignore-file no-console -- an example prints where it listens
/**
 * A page whose events become metrics of the server. The page is bundled first:
 *
 *     deno bundle --platform=browser examples/recipes/browser/page.ts -o page.js
 *     deno run --allow-net=127.0.0.1 --allow-read examples/recipes/browser/main.ts page.js
 *
 * @module
 */
import { startObservability } from "@busbar/busbar/observability";
import { createSite, site } from "./site.ts";

const obs = await startObservability({
  serviceName: "site",
  catalog: site,
  exitHooks: { close: () => server.shutdown() },
});
const server = Deno.serve(
  {
    hostname: "127.0.0.1",
    port: 8000,
    onListen: ({ hostname, port }) => console.log(`page: http://${hostname}:${port}`),
  },
  createSite(obs.bus, {
    html: await Deno.readTextFile(new URL("index.html", import.meta.url)),
    script: await Deno.readTextFile(Deno.args[0] ?? "page.js"),
  }),
);
