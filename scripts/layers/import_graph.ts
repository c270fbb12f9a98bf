/**
 * Which file imports which, as Deno reads them: imports and exports, of values and of types, and
 * dynamic imports of a literal.
 *
 * @module
 */

/** An import of one file by another. */
export interface Import {
  readonly from: string;
  readonly to: string;
  /** Where it stands in `from`, from 1 on. */
  readonly line: number;
}

/** What `deno info --json` says of an import. */
interface Resolution {
  readonly specifier?: string;
  readonly span: { readonly start: { readonly line: number } };
}

interface Graph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly { readonly code?: Resolution; readonly type?: Resolution }[];
  }[];
}

/** Reads the graph of `files`, by one module that imports them all. */
async function readGraph(root: URL, files: readonly string[]): Promise<Graph> {
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const lines = files.map((file) => `import ${JSON.stringify(new URL(file, root).href)};\n`);
    await Deno.writeTextFile(entry, lines.join(""));
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--no-config", "--no-lock", "--no-remote", "--no-npm", entry],
      cwd: root,
      env: { NO_COLOR: "1" },
    }).output();
    const text = new TextDecoder();
    if (!success) throw new Error(`Cannot read the imports: ${text.decode(stderr)}`);
    return JSON.parse(text.decode(stdout));
  } finally {
    await Deno.remove(entry);
  }
}

/**
 * The imports between files under `root`, by paths from there. What is imported by a package's name
 * is not followed.
 *
 * @param root a folder's URL, with a slash at its end
 */
export async function readImports(root: URL, files: readonly string[]): Promise<Import[]> {
  const { modules } = await readGraph(root, files);
  const found: Import[] = [];
  for (const { specifier, dependencies = [] } of modules) {
    if (!specifier.startsWith(root.href)) continue;
    const from = specifier.slice(root.href.length);
    for (const { code, type } of dependencies) {
      const seen = new Set<string>();
      for (const resolution of [code, type]) {
        const target = resolution?.specifier;
        if (target === undefined || !target.startsWith(root.href) || seen.has(target)) continue;
        seen.add(target);
        const line = resolution!.span.start.line + 1;
        found.push({ from, to: target.slice(root.href.length), line });
      }
    }
  }
  return found;
}
