import { optionalPeers } from "./manifest.ts";
import { BUSBAR, type Package, specifier } from "./packages.ts";
import { printingSnippet } from "./readme.ts";
import { run } from "./run.ts";

/** A project outside the repository that has a tarball installed. */
export interface Consumer extends AsyncDisposable {
  /** Its folder, with a slash at its end. */
  readonly directory: string;
  /** What `snippet.ts`, the README's snippet of the core, must print. */
  readonly output: string;
}

/** A project outside the repository that names its dependencies, and has not installed them. */
export async function createFolder(
  dependencies: Readonly<Record<string, string>>,
  devDependencies: Readonly<Record<string, string>> = {},
): Promise<AsyncDisposable & { readonly directory: string }> {
  const directory = `${await Deno.makeTempDir({ prefix: "busbar-consumer-" })}/`;
  const manifest = { private: true, type: "module", dependencies, devDependencies };
  await Deno.writeTextFile(`${directory}package.json`, JSON.stringify(manifest));
  return {
    directory,
    [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }),
  };
}

/** The same, installed as npm does it. */
export async function createProject(
  dependencies: Readonly<Record<string, string>>,
  devDependencies: Readonly<Record<string, string>> = {},
): Promise<AsyncDisposable & { readonly directory: string }> {
  const project = await createFolder(dependencies, devDependencies);
  await run("npm", ["install", "--no-audit", "--no-fund", "--silent"], { cwd: project.directory });
  return project;
}

/** Adds packages to a project, at these versions. */
export async function install(
  directory: string,
  packages: Readonly<Record<string, string>>,
): Promise<void> {
  const wanted = Object.entries(packages).map(([name, version]) => `${name}@${version}`);
  await run("npm", ["install", "--save-dev", "--no-audit", "--no-fund", "--silent", ...wanted], {
    cwd: directory,
  });
}

/**
 * Makes a project as a user would: npm installs the tarball and, with it, the peer dependency. It
 * has the optional ones too, if it is the whole, since it imports all entry points.
 */
export async function createConsumer(
  from: Package,
  devDependencies: Readonly<Record<string, string>> = {},
): Promise<Consumer> {
  const { code, output } = await printingSnippet(from.readme);
  const project = await createProject({
    [from.name]: `file:${from.tarball}`,
    ...(from.name === BUSBAR.name ? optionalPeers : {}),
  }, devDependencies);
  const { directory } = project;
  const imports = from.entries
    .map((entry, index) => `import * as e${index} from "${specifier(from, entry)}";\n`);
  const names = from.entries.map((_, index) => `e${index}`).join(", ");
  await Deno.writeTextFile(`${directory}snippet.ts`, code);
  await Deno.writeTextFile(
    `${directory}entry_points.ts`,
    `${imports.join("")}
for (const entry of [${names}]) {
  if (Object.keys(entry).length === 0) throw new Error("An entry point exports nothing");
}
`,
  );
  return { ...project, output };
}
