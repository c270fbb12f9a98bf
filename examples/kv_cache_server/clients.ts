import type { Client } from "./cache/client.ts";

const MODEL = "demo-model";

/** The engine that serves a model, and whom it serves. */
export function clientOf(modelName: string, cacheSalt: string): Client {
  return { modelName, cacheSalt, engineId: "engine-0", device: "cpu" };
}

/**
 * Whose the replayed requests are, in turn: request `i` is of model `i mod models`, and of tenant
 * `⌊i / models⌋ mod tenants`. All of them share the chunks of one namespace, whoever asks: a trace
 * says of its chunks that they are the same, and so the totals do not depend on how it is spread.
 */
export function* spread(models: number, tenants: number): Generator<Client, never> {
  for (let i = 0;; i++) {
    const model = i % models;
    const modelName = models === 1 ? MODEL : `${MODEL}-${model + 1}`;
    const cacheSalt = tenants === 1 ? "" : `tenant-${Math.floor(i / models) % tenants + 1}`;
    yield { ...clientOf(modelName, cacheSalt), engineId: `engine-${model}`, namespace: "" };
  }
}
