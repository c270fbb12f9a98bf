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

/** The package's entry points, as an importer writes them: `@busbar/busbar/exit`. */
export const entryPoints: readonly string[] = Object.keys(project.exports).map((path) =>
  project.name + path.slice(1)
);

/** The one package that the application shares with Busbar, so that both see the same globals. */
const PEER = "@opentelemetry/api";

/** What `./generate` alone takes: large, for build scripts, and installed by those who use it. */
const OPTIONAL_PEERS: readonly string[] = ["@grafana/grafana-foundation-sdk", "yaml"];

/** The optional peers with their versions, as a `package.json` names them. */
export const optionalPeers: Readonly<Record<string, string>> = Object.fromEntries(
  OPTIONAL_PEERS.map((name) => [name, project.imports[name]?.replace(`npm:${name}@`, "") ?? ""]),
);

/** The least Node: what OpenTelemetry 3 asks for. */
export const NODE_RANGE = ">=22.15";

/** A package.json, as far as it matters here. */
export interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** `1.2.3` as a user's range: what it was tested with, or a compatible later one. */
function compatible(version: string): string {
  return /^\d/.test(version) ? `^${version}` : version;
}

/**
 * Where the sources are, as GitHub's runners know it: npm takes no provenance that names another
 * place than the package does.
 */
function repository(): Manifest {
  const server = Deno.env.get("GITHUB_SERVER_URL");
  const path = Deno.env.get("GITHUB_REPOSITORY");
  if (!server || !path) return {};
  return { repository: { type: "git", url: `git+${server}/${path}.git` } };
}

/** Completes what a tool wrote: description, engines, and the peers out of the dependencies. */
export function complete(manifest: Manifest): Manifest {
  const ranges = Object.entries({ ...manifest.dependencies, ...manifest.peerDependencies })
    .map(([dependency, version]) => [dependency, compatible(version)] as const);
  const isPeer = (name: string) => name === PEER || OPTIONAL_PEERS.includes(name);
  const peerDependencies = Object.fromEntries(ranges.filter(([name]) => isPeer(name)));
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
    ...repository(),
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
    dependencies: Object.fromEntries(ranges.filter(([name]) => !isPeer(name))),
    peerDependencies,
    peerDependenciesMeta: Object.fromEntries(
      OPTIONAL_PEERS.map((name) => [name, { optional: true }]),
    ),
  };
}
