/**
 * What the npm package says of itself. The name, the version, the licence and the entry points come
 * from `deno.json`, which has them once.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };

/** The project's `deno.json`, as far as the package needs it. */
export const project: {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly imports: Readonly<Record<string, string>>;
} = config;

/** The entry points, as `deno.json` names them: `./exit`. */
export const entries: readonly string[] = Object.keys(project.exports);

/** Where the sources, the pages and the issues are. */
export const REPOSITORY_URL = "https://github.com/busbar/busbar";

/**
 * The one package that the application shares with Busbar, so that both see the same globals, and
 * the widest range of it that Busbar's light entry points work with; the SDK that the others bring
 * along asks for 1.10 itself.
 */
const PEER = "@opentelemetry/api";
const PEER_RANGE = ">=1.9.0 <1.11.0";

/** What `./generate` alone takes: large, for build scripts, and installed by those who use it. */
const OPTIONAL_PEERS: readonly string[] = ["@grafana/grafana-foundation-sdk", "yaml"];

/** The optional peers with their versions, as a `package.json` names them. */
export const optionalPeers: Readonly<Record<string, string>> = Object.fromEntries(
  OPTIONAL_PEERS.map((name) => [name, project.imports[name]?.replace(`npm:${name}@`, "") ?? ""]),
);

/** The least Node: what OpenTelemetry 3 asks for. */
export const NODE_RANGE = ">=22.15";

/** The files of an entry point, from the package's folder: `./src/exit/mod.js`. */
export interface EntryFiles {
  readonly types: string;
  readonly default: string;
}

/** A package.json, as far as it matters here. */
export interface Manifest {
  /** Entry points by name. */
  readonly exports: Readonly<Record<string, EntryFiles>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** `1.2.3` as a user's range: what it was tested with, or a compatible later one. */
function compatible(version: string): string {
  return /^\d/.test(version) ? `^${version}` : version;
}

/**
 * `^1.2.3` as exactly that version. OpenTelemetry's packages pin each other: a range would bring a
 * second copy of each, as soon as a later one is published.
 */
function exact(version: string): string {
  return version.replace(/^\^/, "");
}

/**
 * Where the sources are. npm takes no provenance that names another place than the package does, so
 * that a runner of GitHub's says where it runs.
 */
function places(): Readonly<Record<string, unknown>> {
  const server = Deno.env.get("GITHUB_SERVER_URL");
  const path = Deno.env.get("GITHUB_REPOSITORY");
  const url = server && path ? `${server}/${path}` : REPOSITORY_URL;
  return {
    homepage: `${url}#readme`,
    repository: { type: "git", url: `git+${url}.git` },
    bugs: { url: `${url}/issues` },
  };
}

/** Completes what a tool wrote: description, engines, and the peers out of the dependencies. */
export function complete(manifest: Manifest): Manifest {
  const versions = Object.entries({ ...manifest.dependencies, ...manifest.peerDependencies });
  const isPeer = (name: string) => name === PEER || OPTIONAL_PEERS.includes(name);
  const peerDependencies = Object.fromEntries(
    versions.filter(([name]) => isPeer(name))
      .map(([name, version]) => [name, name === PEER ? PEER_RANGE : compatible(version)]),
  );
  for (const name of [PEER, ...OPTIONAL_PEERS]) {
    if (peerDependencies[name] === undefined) {
      throw new Error(`Cannot complete package.json: dependencies must name ${name}, they do not`);
    }
  }
  const { name, version, license } = project;
  return {
    ...manifest,
    name,
    version,
    license,
    ...places(),
    type: "module",
    description: "An in-process observability event bus that keeps telemetry off the hot path: " +
      "a bounded queue that loses nothing uncounted, metrics, traces and logs by OpenTelemetry.",
    keywords: [
      "observability",
      "event-bus",
      "opentelemetry",
      "prometheus",
      "metrics",
      "tracing",
      "logging",
      "deno",
      "node",
      "bun",
    ],
    sideEffects: false,
    engines: { node: NODE_RANGE },
    dependencies: Object.fromEntries(
      versions.filter(([name]) => !isPeer(name)).map(([name, version]) => [name, exact(version)]),
    ),
    peerDependencies,
    peerDependenciesMeta: Object.fromEntries(
      OPTIONAL_PEERS.map((name) => [name, { optional: true }]),
    ),
  };
}
