import { Reader } from "./readers.ts";

const HERE = new URL("./readers/", import.meta.url).pathname;
/** The version of prometheus_client that is asked, unless there is another. */
const PROMETHEUS_CLIENT = "prometheus_client==0.26.0";
/** Prometheus 3.16, as the module proxy names it. */
const PROMETHEUS_MODULE = "github.com/prometheus/prometheus@v0.316.0";

/** A reader, or why there is none. */
export type Found = { readonly name: string; readonly reader: Reader } | {
  readonly name: string;
  readonly missing: string;
};

async function run(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Record<string, string> } = {},
): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    ...options,
  }).output();
  const text = new TextDecoder();
  if (code !== 0) throw new Error(text.decode(stderr).trim() || `${program} ended with ${code}`);
  return text.decode(stdout);
}

/** The first of these programs that there is. */
async function installed(...programs: readonly string[]): Promise<string | undefined> {
  for (const program of programs) {
    try {
      await run(program, [program.endsWith("go") ? "version" : "--version"]);
      return program;
    } catch {
      // The next one.
    }
  }
  return undefined;
}

/** Builds the reader that has Prometheus' own parsers, from the module proxy or Go's cache. */
export async function startGoReader(folder: string): Promise<Found> {
  const name = "Prometheus' parsers (Go)";
  const go = await installed("go", "/usr/local/go/bin/go");
  if (go === undefined) return { name, missing: "go is not installed" };
  try {
    await run(go, ["build", "-o", `${folder}/read_scrapes`, "."], { cwd: `${HERE}go` });
  } catch (error) {
    return { name, missing: (error as Error).message };
  }
  return { name, reader: new Reader(`${folder}/read_scrapes`, []) };
}

/** Starts prometheus_client, which is installed for this run where it is not there. */
export async function startPythonReader(folder: string): Promise<Found> {
  const name = "prometheus_client (Python)";
  let python = await installed("python3");
  if (python === undefined) return { name, missing: "python3 is not installed" };
  try {
    await run(python, ["-c", "import prometheus_client.openmetrics.parser"]);
  } catch {
    try {
      await run(python, ["-m", "venv", `${folder}/venv`]);
      python = `${folder}/venv/bin/python3`;
      await run(python, ["-m", "pip", "install", "--quiet", PROMETHEUS_CLIENT]);
    } catch (error) {
      return { name, missing: (error as Error).message };
    }
  }
  return { name, reader: new Reader(python, [`${HERE}read_scrapes.py`]) };
}

/** The Prometheus that is asked: what `PROMETHEUS_BIN` names, or the one on the `PATH`. */
export async function findPrometheus(): Promise<{ program: string; version: string } | undefined> {
  const program = await installed(Deno.env.get("PROMETHEUS_BIN") ?? "prometheus");
  if (program === undefined) return undefined;
  const version = /version (\S+)/.exec(await run(program, ["--version"]))?.[1] ?? "unknown";
  return { program, version };
}

/** Builds a Prometheus 3 from the module proxy, without what discovers targets: it takes minutes. */
export async function buildPrometheus(output: string): Promise<void> {
  const go = await installed("go", "/usr/local/go/bin/go");
  if (go === undefined) throw new Error("go is not installed");
  const folder = await Deno.makeTempDir();
  try {
    const { Dir, Version } = JSON.parse(
      await run(go, ["mod", "download", "-json", PROMETHEUS_MODULE], { cwd: folder }),
    );
    // The module's own folder cannot be written to.
    for (const name of ["go.mod", "go.sum"]) {
      await Deno.writeFile(`${folder}/${name}`, await Deno.readFile(`${Dir}/${name}`));
    }
    const version = `3.${Version.replace(/^v0\.3(\d\d)\.(\d+)$/, "$1.$2").replace(/^0/, "")}`;
    await run(go, [
      "build",
      "-mod=mod",
      "-buildvcs=false",
      `-modfile=${folder}/go.mod`,
      "-tags=remove_all_sd,netgo",
      `-ldflags=-X github.com/prometheus/common/version.Version=${version}`,
      "-o",
      output,
      "./cmd/prometheus",
    ], { cwd: Dir, env: { GOWORK: "off" } });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
