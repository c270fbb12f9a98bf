import { defaultResource } from "@opentelemetry/resources";
import type { Attributes } from "../../subscribers/otel_api.ts";
import type { ObservabilityConfig } from "../config/config.ts";

interface Deno {
  readonly pid: number;
  readonly build: { readonly os: string; readonly arch: string };
  readonly version: { readonly deno: string };
  readonly permissions: {
    querySync(descriptor: { name: "sys"; kind: string }): { readonly state: string };
  };
  hostname(): string;
  osRelease(): string;
}

interface Process {
  readonly pid?: number;
  readonly platform?: string;
  readonly arch?: string;
  readonly versions?: Readonly<Record<string, string | undefined>>;
  getBuiltinModule?(id: "node:os"): { hostname(): string; release(): string } | undefined;
}

/** What this machine is asked; `undefined` where the runtime or its permissions tell nothing. */
interface Machine {
  readonly hostname: string | undefined;
  readonly arch: string | undefined;
  readonly os: string | undefined;
  readonly osVersion: string | undefined;
  readonly pid: number | undefined;
  readonly runtime: string | undefined;
  readonly runtimeVersion: string | undefined;
}

/** By OpenTelemetry's conventions (`host.arch`, `os.type`). */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: "amd64",
  x86_64: "amd64",
  aarch64: "arm64",
  arm: "arm32",
  ia32: "x86",
  ppc: "ppc32",
};
const SYSTEMS: Readonly<Record<string, string>> = { win32: "windows", sunos: "solaris" };

/**
 * The resource of everything that leaves the process: the SDK, what is asked for of host, system and
 * process, and what the configuration says, which comes first.
 */
export function resourceAttributesOf(config: ObservabilityConfig): Attributes {
  return {
    ...sdkAttributes(),
    ...detected(config.resourceDetectors),
    ...config.resourceAttributes as Attributes,
  };
}

function sdkAttributes(): Attributes {
  return Object.fromEntries(
    Object.entries(defaultResource().attributes)
      .filter(([name]) => name.startsWith("telemetry.sdk.")),
  ) as Attributes;
}

function detected(detectors: ObservabilityConfig["resourceDetectors"]): Attributes {
  if (detectors.length === 0) return {};
  const { hostname, arch, os, osVersion, pid, runtime, runtimeVersion } = machine();
  const all = {
    host: { "host.name": hostname, "host.arch": arch && (ARCHITECTURES[arch] ?? arch) },
    os: { "os.type": os && (SYSTEMS[os] ?? os), "os.version": osVersion },
    process: {
      "process.pid": pid,
      "process.runtime.name": runtime,
      "process.runtime.version": runtimeVersion,
    },
  };
  const wanted = detectors.flatMap((name) => Object.entries(all[name]));
  return Object.fromEntries(wanted.filter(([, value]) => value !== undefined)) as Attributes;
}

function machine(): Machine {
  const { Deno: deno, process } = globalThis as { Deno?: Deno; process?: Process };
  if (deno !== undefined) {
    // Without the permission, reading would ask whoever sits at the terminal.
    const read = (kind: string, get: () => string) =>
      deno.permissions.querySync({ name: "sys", kind }).state === "granted" ? get() : undefined;
    return {
      hostname: read("hostname", () => deno.hostname()),
      arch: deno.build.arch,
      os: deno.build.os,
      osVersion: read("osRelease", () => deno.osRelease()),
      pid: deno.pid,
      runtime: "deno",
      runtimeVersion: deno.version.deno,
    };
  }
  const os = process?.getBuiltinModule?.("node:os");
  const { bun, node } = process?.versions ?? {};
  return {
    hostname: os?.hostname(),
    arch: process?.arch,
    os: process?.platform,
    osVersion: os?.release(),
    pid: process?.pid,
    runtime: bun !== undefined ? "bun" : node !== undefined ? "nodejs" : undefined,
    runtimeVersion: bun ?? node,
  };
}
