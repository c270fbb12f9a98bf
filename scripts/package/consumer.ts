import { entryPoints, optionalPeers, project } from "./manifest.ts";
import { firstSnippet } from "./readme.ts";
import { run } from "./run.ts";

/** A project outside the repository that has the tarball installed. */
export interface Consumer extends AsyncDisposable {
  /** Its folder, with a slash at its end. */
  readonly directory: string;
  /** What `snippet.ts`, the README's first snippet, must print. */
  readonly output: string;
}

/**
 * Makes a project as a user would: npm installs the tarball and, with it, the peer dependency. It
 * has the optional ones too, since it imports all entry points.
 */
export async function createConsumer(
  tarball: string,
  devDependencies: Readonly<Record<string, string>> = {},
): Promise<Consumer> {
  const directory = `${await Deno.makeTempDir({ prefix: "busbar-consumer-" })}/`;
  const { code, output } = await firstSnippet();
  const namespaces = entryPoints.map((entry, index) => `import * as e${index} from "${entry}";\n`);
  const names = entryPoints.map((_, index) => `e${index}`).join(", ");
  const write = (path: string, text: string) => Deno.writeTextFile(directory + path, text);
  await write(
    "package.json",
    JSON.stringify({
      private: true,
      type: "module",
      dependencies: { [project.name]: `file:${tarball}`, ...optionalPeers },
      devDependencies,
    }),
  );
  await write("snippet.ts", code);
  await write(
    "entry_points.ts",
    `${namespaces.join("")}
for (const entry of [${names}]) {
  if (Object.keys(entry).length === 0) throw new Error("An entry point exports nothing");
}
`,
  );
  await run("npm", ["install", "--no-audit", "--no-fund", "--silent"], { cwd: directory });
  return {
    directory,
    output,
    [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }),
  };
}
