import { COMMON_JS } from "./packages.ts";
import { run } from "./run.ts";
import { tools } from "./tools.ts";

/**
 * Writes every module of an unpacked package as CommonJS too, file by file, with its declarations, into
 * a folder of its own.
 *
 * @param directory the package, with a slash at its end
 * @param files the code and the declarations in it, without `./`
 */
export async function writeCommonJs(directory: string, files: readonly string[]): Promise<void> {
  const output = directory + COMMON_JS;
  await run(tools.esbuild, [
    "--format=cjs",
    "--platform=node",
    "--target=es2022",
    "--log-level=warning",
    `--outbase=${directory}`,
    `--outdir=${output}`,
    ...files.filter((file) => file.endsWith(".js")).map((file) => directory + file),
  ]);
  for (const file of files.filter((file) => file.endsWith(".d.ts"))) {
    const target = output + file;
    await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
    await Deno.copyFile(directory + file, target);
  }
  await Deno.writeTextFile(`${output}package.json`, '{ "type": "commonjs" }\n');
}
