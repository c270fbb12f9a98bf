import { context, propagation } from "@opentelemetry/api";
import {
  CompositePropagator,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from "@opentelemetry/core";
import { asyncStorage } from "../../context/async_storage.ts";
import type { GlobalProvider } from "./global_providers.ts";

/**
 * What carries OpenTelemetry's active span: through async code, where there is `AsyncLocalStorage`, and
 * over HTTP, as the W3C's `traceparent`, `tracestate` and `baggage`.
 */
export async function globalPropagation(): Promise<GlobalProvider[]> {
  const propagator = new CompositePropagator({
    propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
  });
  return [
    ...(asyncStorage() === null ? [] : [await globalContextManager()]),
    {
      name: "propagator",
      key: "propagation",
      isOptional: true,
      set: () => propagation.setGlobalPropagator(propagator),
      unset: () => propagation.disable(),
    },
  ];
}

/** Loaded only now: it imports modules that not every runtime has. */
async function globalContextManager(): Promise<GlobalProvider> {
  const { AsyncLocalStorageContextManager } = await import("@opentelemetry/context-async-hooks");
  const manager = new AsyncLocalStorageContextManager();
  return {
    name: "context manager",
    key: "context",
    isOptional: true,
    set: () => context.setGlobalContextManager(manager.enable()),
    unset: () => context.disable(),
  };
}
