import type { EventAttributes } from "../../../catalog/attributes.ts";
import type { Measurement, MetricDeclaration } from "../../../catalog/metric.ts";
import type { EventOf } from "../../../events/event_map.ts";
import type { KvCacheEvents } from "../../events/kv_cache_events.ts";
import type { PhaseSample } from "../../events/server.ts";
import { transferIdOfAny } from "../operation_ids.ts";
import type { KvCacheDeclarations } from "./declarations.ts";
import { modelAndTenant } from "./lookup_metrics.ts";

type Metrics = Record<string, MetricDeclaration<KvCacheEvents>>;

/** Between engines and L1: what is loaded, how much is under way, and how fast. */
export function transferMetrics(declarations: KvCacheDeclarations): Metrics {
  const { counter, throughput } = declarations;
  return {
    // Without a unit: its name says what it counts.
    "num_chunks_loaded": counter(
      "mp.retrieve.end",
      "",
      "Chunks that workers retrieved from the cache",
      {
        value: ({ metadata }) => metadata.retrievedCount,
        attributes: (event) => ({
          worker_id: event.metadata.engineId,
          ...modelAndTenant(event),
        }),
      },
    ),
    // What was submitted and has not finished is under way: the two have the same series.
    "num_submitted_stores": counter("mp.store.submitted", "", "Stores put into the queue", {
      attributes: device,
      zeroAt: "mp.store.end",
    }),
    "num_finished_stores": counter("mp.store.end", "", "Stores that have ended, or failed", {
      attributes: device,
      zeroAt: "mp.store.submitted",
    }),
    "num_submitted_retrieves": counter(
      "mp.retrieve.submitted",
      "",
      "Retrieves put into the queue",
      { attributes: device, zeroAt: "mp.retrieve.end" },
    ),
    "num_finished_retrieves": counter(
      "mp.retrieve.end",
      "",
      "Retrieves that have ended, or failed",
      { attributes: device, zeroAt: "mp.retrieve.submitted" },
    ),
    "l0_l1_store_throughput": throughput("mp.store.start", "mp.store.end", {
      description: "How fast engines store into L1",
      bytes: ({ metadata }) => metadata.totalBytes,
      attributes: engine,
      operationId: transferIdOfAny,
      acrossSessions: true,
    }),
    "l0_l1_load_throughput": throughput("mp.retrieve.start", "mp.retrieve.end", {
      description: "How fast engines load from L1",
      bytes: ({ metadata }) => metadata.totalBytes,
      attributes: engine,
      operationId: transferIdOfAny,
      acrossSessions: true,
    }),
    ...phaseMetrics(declarations),
  };
}

/** The steps of transfers. The gathering and scattering has no throughput: it waits for the copy. */
function phaseMetrics({ counter, histogram }: KvCacheDeclarations): Metrics {
  return {
    "transfer_staging_throughput": histogram("mp.transfer.phase_samples", {
      description: "How fast devices copy to and from L1",
      unit: "GB/s",
      measurements: ({ metadata }) =>
        metadata.samples.filter((sample) => isMeasured(sample) && sample.phase === "staging")
          .map((sample) => ({
            value: sample.nbytes / (sample.elapsedMs / 1_000) / 1e9,
            attributes: ofSample(sample),
          })),
      attributeNames: ["device_index", "direction"],
    }),
    "transfer_phase_bytes": counter(
      "mp.transfer.phase_samples",
      "By",
      "Bytes moved in each step of transfers",
      { measurements: ofPhases((sample) => sample.nbytes), attributeNames: PHASE_ATTRIBUTES },
    ),
    "transfer_phase_elapsed": counter(
      "mp.transfer.phase_samples",
      "s",
      "Time spent in each step of transfers, by their devices' clocks",
      {
        measurements: ofPhases((sample) => sample.elapsedMs / 1_000),
        attributeNames: PHASE_ATTRIBUTES,
      },
    ),
  };
}

const PHASES: readonly string[] = ["kernel", "staging"];
const PHASE_ATTRIBUTES = ["device_index", "direction", "phase"];

function ofPhases(value: (sample: PhaseSample) => number) {
  return (
    { metadata }: EventOf<KvCacheEvents, "mp.transfer.phase_samples">,
  ): Measurement[] =>
    metadata.samples.filter(isMeasured).map((sample) => ({
      value: value(sample),
      attributes: { ...ofSample(sample), phase: sample.phase },
    }));
}

/** Whether a sample says anything: a device may give steps that it has not timed. */
function isMeasured(sample: PhaseSample | undefined): boolean {
  const { phase, direction, deviceIndex, elapsedMs, nbytes } = sample ?? {};
  return PHASES.includes(phase as string) && isAboveZero(elapsedMs) && isAboveZero(nbytes) &&
    Number.isFinite(deviceIndex) && ["string", "number"].includes(typeof direction);
}

function isAboveZero(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) > 0;
}

/** An unknown direction is a number: its digits are its name. */
function ofSample({ deviceIndex, direction }: PhaseSample): EventAttributes {
  return { device_index: deviceIndex, direction: `${direction}` };
}

function device(
  { metadata }: { readonly metadata: { readonly device: string } },
): EventAttributes {
  return { device: metadata.device };
}

function engine(
  { metadata }: EventOf<KvCacheEvents, "mp.store.end" | "mp.retrieve.end">,
): EventAttributes {
  return {
    engine_id: metadata.engineId,
    device: metadata.device,
    model_name: metadata.modelName,
  };
}
