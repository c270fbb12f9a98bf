import { assertEquals } from "@std/assert";
import { ask } from "../../scripts/release/registries.ts";

/** A registry on loopback that has version 1.0.0 of `@test/package`, or answers with `status`. */
function startRegistry(status = 200) {
  // Deno leaves versions out that are younger than a day, unless asked for.
  const createdAt = new Date().toISOString();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const path = decodeURIComponent(new URL(request.url).pathname);
    if (status !== 200) return new Response(null, { status });
    switch (path) {
      case "/@test/package": // npm
        return Response.json({
          name: "@test/package",
          "dist-tags": { latest: "1.0.0" },
          versions: { "1.0.0": { name: "@test/package", version: "1.0.0" } },
        });
      case "/@test/package/meta.json": // JSR
        return Response.json({ latest: "1.0.0", versions: { "1.0.0": { createdAt } } });
      case "/@test/package/1.0.0_meta.json":
        return Response.json({
          exports: { ".": "./mod.ts" },
          manifest: { "/mod.ts": { size: 0, checksum: `sha256-${EMPTY_SHA256}` } },
        });
      case "/@test/package/1.0.0/mod.ts":
        return new Response("", { headers: { "content-type": "application/typescript" } });
      default:
        return Response.json({ error: "not found" }, { status: 404 });
    }
  });
  const url = `http://127.0.0.1:${server.addr.port}/`;
  return {
    env: { JSR_URL: url, npm_config_registry: url, npm_config_fetch_retries: "0" },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

for (const registry of ["JSR", "npm"] as const) {
  Deno.test(`${registry} is asked whether it has a version`, async () => {
    await using server = startRegistry();
    assertEquals(await ask(registry, "@test/package", "1.0.0", server.env), "published");
    assertEquals(await ask(registry, "@test/package", "1.0.1", server.env), "free");
    assertEquals(await ask(registry, "@test/another", "1.0.0", server.env), "free");
  });

  Deno.test(`${registry} that fails has given no answer`, async () => {
    await using server = startRegistry(503);
    assertEquals(await ask(registry, "@test/package", "1.0.0", server.env), "no answer");
  });
}
