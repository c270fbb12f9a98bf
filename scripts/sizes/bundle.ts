import { project } from "../package/manifest.ts";
import { ROOT, run } from "../package/run.ts";

/** An entry point as one minified file. */
export interface Bundle {
  /** How it is imported, such as `@busbar/busbar/exit`. */
  readonly name: string;
  /** Its size after gzip, without its npm dependencies. */
  readonly gzipBytes: number;
  /** The npm packages that it imports when it runs, and modules such as `node:http`. */
  readonly dependencies: readonly string[];
}

/** Every npm package that `deno.json` knows; no other can be imported. */
const EXTERNALS = Object.entries(project.imports)
  .filter(([, specifier]) => specifier.startsWith("npm:"))
  .flatMap(([name]) => ["--external", name, "--external", `${name}/*`]);

/** Bundles an entry point of `deno.json`'s exports; npm packages stay outside. */
export async function bundleEntry(entry: string): Promise<Bundle> {
  const output = await Deno.makeTempFile({ suffix: ".js" });
  try {
    await run(Deno.execPath(), [
      ...["bundle", "--quiet", "--minify", "--platform", "browser"],
      ...EXTERNALS,
      ...["--output", output, ROOT + project.exports[entry]],
    ]);
    const code = await Deno.readTextFile(output);
    const imported = Array.from(
      code.matchAll(/\b(?:from|import)\s*\(?"([@\w./:-]+)"/g),
      ([, id]) => id!,
    );
    return {
      name: project.name + entry.slice(1),
      gzipBytes: await gzipSize(code),
      dependencies: [...new Set(imported.map(packageOf))].sort(),
    };
  } finally {
    await Deno.remove(output);
  }
}

/** `@scope/name/path` is of the package `@scope/name`. */
function packageOf(specifier: string): string {
  return /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
}

async function gzipSize(text: string): Promise<number> {
  const compressed = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(compressed).arrayBuffer()).byteLength;
}
