/**
 * The packages that go to npm, from the same sources.
 *
 * @module
 */
import { entries, type EntryFiles, type Manifest, project } from "./manifest.ts";
import { NPM_DIR } from "./tools.ts";

/** One package of npm. */
export interface Package {
  /** Its name, such as `@busbar/core`. */
  readonly name: string;
  /** Its entry points, as `deno.json` names them. */
  readonly entries: readonly string[];
  /** The packed tarball. */
  readonly tarball: string;
  /** The same, unpacked; with a slash at its end. */
  readonly directory: string;
  /** Its README, from the repository's root. */
  readonly readme: string;
}

/** Everything. */
export const BUSBAR: Package = {
  name: project.name,
  entries,
  tarball: `${NPM_DIR}busbar.tgz`,
  directory: `${NPM_DIR}package/`,
  readme: "README.md",
};

/** What libraries depend on: no dependency, and nothing that has one. */
export const CORE: Package = {
  name: "@busbar/core",
  entries: [".", "./library", "./exit", "./catalog", "./testing"],
  tarball: `${NPM_DIR}core.tgz`,
  directory: `${NPM_DIR}core/package/`,
  readme: "docs/core.md",
};

/** All of them. */
export const PACKAGES: readonly Package[] = [BUSBAR, CORE];

/** An entry point as an importer writes it: `@busbar/core/exit`. */
export function specifier({ name }: Package, entry: string): string {
  return name + entry.slice(1);
}

/** The folder with the same code as CommonJS. */
export const COMMON_JS = "cjs/";

/**
 * Under which conditions an entry point is which file. `require` has CommonJS of its own, for
 * packages with two formats, such as OpenTelemetry's API, would be loaded twice otherwise.
 */
export function conditions(
  { types, default: code }: EntryFiles,
): Readonly<Record<string, unknown>> {
  const inCommonJs = (path: string) => path.replace(/^\.\//, `./${COMMON_JS}`);
  return {
    require: { types: inCommonJs(types), default: inCommonJs(code) },
    default: { types, default: code },
  };
}

/** The package.json of the core, out of that of the whole. */
export function coreManifest(whole: Manifest): Manifest {
  const {
    dependencies: _dependencies,
    peerDependencies: _peers,
    peerDependenciesMeta: _meta,
    ...rest
  } = whole;
  return {
    ...rest,
    name: CORE.name,
    description: "The core of Busbar, an in-process observability event bus, for libraries: " +
      "publish what happens, for nothing while nobody listens. No dependencies.",
    exports: Object.fromEntries(CORE.entries.map((entry) => [entry, whole.exports[entry]!])),
  };
}
