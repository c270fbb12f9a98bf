import { DEFAULT_OTLP_ENDPOINT } from "../../otel/otlp/create_otlp_exporters.ts";
import { DEFAULT_OTLP_SETTINGS, type OtlpTarget } from "../../otel/otlp/otlp_target.ts";
import { find, type Layer } from "./layers.ts";
import { ConfigurationError } from "./configuration_error.ts";
import { settingOf, type SIGNALS } from "./settings.ts";

/** One of the three signals. */
export type Signal = (typeof SIGNALS)[number];

/**
 * Where and how a signal is pushed. In each source, what is said of the signal comes before what
 * is said of all signals; but a source that comes first says more than one that comes later.
 */
export function otlpTarget(layers: readonly Layer[], signal: Signal): OtlpTarget | undefined {
  if (find(layers, `otlp.${signal}.enabled`)?.value === false) return undefined;
  const endpoint = targetEndpoint(layers, signal);
  if (endpoint === undefined) return undefined;
  const { protocol, timeoutMs, compression } = DEFAULT_OTLP_SETTINGS;
  return {
    endpoint,
    protocol: pick(layers, signal, "protocol") ?? protocol,
    headers: mergedHeaders(layers, [`otlp.headers`, `otlp.${signal}.headers`]),
    timeoutMs: pick(layers, signal, "timeoutMs") ?? timeoutMs,
    compression: pick(layers, signal, "compression") ?? compression,
  };
}

/** Refuses a signal that must be pushed, but has nowhere to go. */
export function assertTarget(
  layers: readonly Layer[],
  signal: Signal,
  demandedBy: string,
): void {
  const found = find(layers, demandedBy);
  const off = find(layers, `otlp.${signal}.enabled`);
  // The environment stops no program.
  if (found?.value !== true || found.layer.isEnv || off?.layer.isEnv) return;
  const endpoints = [`otlp.endpoint`, `otlp.${signal}.endpoint`].flatMap((path) => {
    const { flag, env } = settingOf(path);
    return [path, flag, env].filter((name) => name !== undefined);
  });
  const why = off?.value === false
    ? `but ${off.layer.nameOf(`otlp.${signal}.enabled`)} turns it off`
    : `but none of ${endpoints.join(", ")} is set`;
  throw new ConfigurationError(
    found.layer.nameOf(demandedBy),
    `needs an OTLP endpoint for ${signal}, ${why}`,
  );
}

/** Headers of all sources, by lower-case name; those of the last path and the first source win. */
export function mergedHeaders(
  layers: readonly Layer[],
  paths: readonly string[],
): Record<string, string> {
  const headers = new Map<string, string>();
  for (const layer of layers.toReversed()) {
    for (const path of paths) {
      for (const [name, value] of Object.entries(layer.get(path) ?? {})) {
        headers.set(name.toLowerCase(), value);
      }
    }
  }
  return Object.fromEntries(headers);
}

function targetEndpoint(layers: readonly Layer[], signal: Signal): string | undefined {
  for (const layer of layers) {
    const own = layer.get(`otlp.${signal}.endpoint`);
    if (own !== undefined) return new URL(own as string).href;
    const base = layer.get("otlp.endpoint");
    if (base !== undefined) return signalEndpoint(base as string, signal);
  }
  // What the environment asks for without an endpoint goes to the specification's.
  const asked = find(layers, `otlp.${signal}.enabled`);
  return asked?.layer.isEnv ? signalEndpoint(DEFAULT_OTLP_ENDPOINT, signal) : undefined;
}

/** The complete URL of a signal below a base URL. */
export function signalEndpoint(base: string, signal: Signal): string {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/$/, "")}/v1/${signal}`;
  return url.href;
}

function pick<Name extends "protocol" | "timeoutMs" | "compression">(
  layers: readonly Layer[],
  signal: Signal,
  name: Name,
): OtlpTarget[Name] | undefined {
  for (const layer of layers) {
    const value = layer.get(`otlp.${signal}.${name}`) ?? layer.get(`otlp.${name}`);
    if (value !== undefined) return value as OtlpTarget[Name];
  }
  return undefined;
}
