import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);
const PAGES = ["docs/why-is-it-missing.md", "docs/guides/production.md", "docs/guides/shutdown.md"];
const SOURCES = ["src/subscribers/self_metrics/", "src/otel/", "src/batching/"];

async function* filesIn(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))) {
    if (isDirectory) yield* filesIn(`${folder}${name}/`);
    else yield folder + name;
  }
}

/** The bus's own metrics, as the sources name them. */
const declared = new Set<string>();
for (const folder of SOURCES) {
  for await (const file of filesIn(folder)) {
    const text = await Deno.readTextFile(new URL(file, ROOT));
    for (
      const [, name] of text.matchAll(/["}.]((?:event_bus|metrics|spans|logs|export)\.\w+)["`]/g)
    ) {
      declared.add(`busbar_${name!.replace(".", "_")}`);
    }
  }
}

Deno.test("what a page calls a metric of the bus is one", async () => {
  const unknown: string[] = [];
  let found = 0;
  for (const page of PAGES) {
    const text = await Deno.readTextFile(new URL(page, ROOT));
    for (
      const [name] of text.matchAll(/busbar_(?:event_bus|metrics|spans|logs|export)_\w*[a-z]/g)
    ) {
      found++;
      const base = name.replace(/_(total|seconds|seconds_bucket)$/, "");
      if (![...declared].some((one) => one.replace(/_(total|seconds)$/, "") === base)) {
        unknown.push(`${page}: ${name}`);
      }
    }
  }
  assert(found > 30, String(found));
  assertEquals(unknown, []);
});
