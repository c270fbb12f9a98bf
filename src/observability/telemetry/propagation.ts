import { context, propagation } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
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
export function globalPropagation(): GlobalProvider[] {
  const propagator = new CompositePropagator({
    propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
  });
  return [
    ...(asyncStorage() === null ? [] : [globalContextManager()]),
    {
      name: "propagator",
      key: "propagation",
      isOptional: true,
      set: () => propagation.setGlobalPropagator(propagator),
      unset: () => propagation.disable(),
    },
  ];
}

function globalContextManager(): GlobalProvider {
  const manager = new AsyncLocalStorageContextManager();
  return {
    name: "context manager",
    key: "context",
    isOptional: true,
    set: () => context.setGlobalContextManager(manager.enable()),
    unset: () => context.disable(),
  };
}
