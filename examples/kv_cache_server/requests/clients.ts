import type { Client, Ranks } from "../cache/client.ts";

const MODEL = "demo-model";

/** The engine that serves a model, and whom it serves. */
export function clientOf(modelName: string, cacheSalt: string): Client {
  return { modelName, cacheSalt, engineId: "engine-0", device: "cpu" };
}

/** The ranks of a client's model, each on a device of its own; a model of one rank is not split. */
export function ranksOf(client: Client, ranks: number): Ranks {
  if (ranks === 1) return [client];
  const device = Number(/\d+$/.exec(client.device)?.[0] ?? 0);
  const rank = (kvRank: number) => ({
    ...client,
    kvRank,
    device: `cpu:${device * ranks + kvRank}`,
  });
  return [rank(0), ...Array.from({ length: ranks - 1 }, (_, i) => rank(i + 1))];
}

/** Over how many of each the replayed requests are spread. */
export interface Spread {
  readonly models: number;
  readonly tenants: number;
  readonly devices: number;
  readonly workers: number;
}

/**
 * Whose the replayed requests are, in turn: request `i` is of model `i mod models`, of tenant
 * `⌊i / models⌋ mod tenants`, of worker `⌊i / 3⌋ mod workers`, and on device `⌊i / 5⌋ mod devices`.
 * All of them share the chunks of one namespace, whoever asks: a trace says of its chunks that they
 * are the same, and so the totals do not depend on how it is spread.
 */
export function* spread(
  { models, tenants, devices, workers }: Spread,
): Generator<Client, never> {
  for (let i = 0;; i++) {
    const model = i % models;
    const modelName = models === 1 ? MODEL : `${MODEL}-${model + 1}`;
    const cacheSalt = tenants === 1 ? "" : `tenant-${Math.floor(i / models) % tenants + 1}`;
    const engineId = `engine-${Math.floor(i / 3) % workers}`;
    const device = devices === 1 ? "cpu" : `cpu:${Math.floor(i / 5) % devices}`;
    yield { modelName, cacheSalt, engineId, device, namespace: "" };
  }
}
