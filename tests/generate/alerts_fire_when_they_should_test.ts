import { writeFile } from "node:fs/promises";
import { assertEquals } from "@std/assert";
import { stringify } from "yaml";
import { busAlerts, kvCacheAlerts, rulesYaml } from "@busbar/busbar/generate";
import { installed, run } from "../support/processes.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

/** Series by name, as promtool writes them: a start, what is added each half minute, how often. */
type Series = Readonly<Record<string, string>>;

const INSTANCE = 'instance="a",job="busbar"';
const bus = (metric: string, labels = "") => `busbar_event_bus_${metric}{${INSTANCE}${labels}}`;
const kv = (metric: string, labels = "") => `lmcache_mp_${metric}{${labels}}`;
const UP = `up{${INSTANCE}}`;
const L2 = 'l2_name="disk"';

const NOT_FOUND = kv("l2_prefetch_failure_chunks_total", 'reason="not_found"');
const FAILURES = bus("subscriber_exceptions_total", ',subscriber_name="S"');

interface Case {
  readonly fires: readonly Series[];
  readonly stays: readonly Series[];
}

const TIMEOUTS = kv("timeouts_total", 'exception_type="LockTimeout"');
const early = (reason: string) =>
  kv("lookup_early_exit_requests_total", `model_name="m",cache_salt="",reason="${reason}"`);
const blend = (metric: string) => `lmcache_blend_${metric}`;

/** Of transfers of a device: that none ends any more, though more are put into its queue. */
function hangs(what: string): Case {
  const of = (state: string, device = "cuda:0") =>
    kv(`num_${state}_${what}_total`, `device="${device}"`);
  return {
    fires: [{
      [of("submitted")]: "0+1x60",
      [of("finished")]: "0+1x40 40x20",
      // The other device works.
      [of("submitted", "cuda:1")]: "0+1x60",
      [of("finished", "cuda:1")]: "0+1x60",
    }, { [of("submitted")]: "0+1x60", [of("finished")]: "0x60" }],
    stays: [
      { [of("submitted")]: "3+1x60", [of("finished")]: "0+1x60" },
      // Nothing is to do; what lost its end for ever is no work.
      { [of("submitted")]: "7x60", [of("finished")]: "5x60" },
    ],
  };
}

/** For each alert: what makes it fire within half an hour, and what is just short of it. */
const CASES: Readonly<Record<string, Case>> = {
  EventsDropped: {
    fires: [{ [bus("dropped_events_total")]: "0x50 1+1x10" }],
    stays: [{ [bus("dropped_events_total")]: "7x60" }],
  },
  DrainLag: {
    fires: [{ [bus("drain_lag_seconds")]: "0x57 5.001x10" }],
    // At the bound, and above it for half a minute only.
    stays: [{ [bus("drain_lag_seconds")]: "5x60" }, { [bus("drain_lag_seconds")]: "0x58 9x10" }],
  },
  SubscriberFailing: {
    // The first failure of all, and one more.
    fires: [{ [FAILURES]: "_x55 1x5" }, { [FAILURES]: "3x55 4x5" }],
    stays: [{ [FAILURES]: "3x60" }],
  },
  ExporterDown: {
    fires: [{ [UP]: "1x57 0x10" }, { 'up{job="other"}': "1x60" }],
    stays: [{ [UP]: "1x60" }, { [UP]: "1x58 0x10" }],
  },
  HitRateCollapse: {
    // Of 80 %: in the end that is 63 % over all, whose half is about 31.7 %.
    fires: [{
      [kv("lookup_requested_tokens_total")]: "0+100x60",
      [kv("lookup_hit_tokens_total")]: "0+80x40 3200+30x20",
    }],
    stays: [{
      [kv("lookup_requested_tokens_total")]: "0+100x60",
      [kv("lookup_hit_tokens_total")]: "0+80x40 3200+33x20",
    }],
  },
  ModelNotRegistered: {
    fires: [{ [early("no_gpu_context")]: "0x50 1+1x10" }],
    // A prompt that is shorter than a chunk is nobody's fault.
    stays: [{ [early("no_gpu_context")]: "9x60", [early("empty_chunk_hashes")]: "0+5x60" }],
  },
  L2Failing: {
    fires: [
      { [kv("l2_store_failed_objects_chunks_total", L2)]: "0x50 1+1x10" },
      {
        [NOT_FOUND]: "0+11x60",
        [kv("l2_prefetch_load_submitted_objects_chunks_total")]: "0+20x60",
      },
    ],
    stays: [{
      [kv("l2_store_failed_objects_chunks_total", L2)]: "9x60",
      [kv("l2_prefetch_failure_chunks_total", 'reason="l1_oom"')]: "0+50x60",
      [NOT_FOUND]: "0+9x60",
      [kv("l2_prefetch_load_submitted_objects_chunks_total")]: "0+20x60",
    }],
  },
  L2Slow: {
    fires: [{
      [kv("l2_store_throughput_GB_per_second_sum", L2)]: "0+0.0099x60",
      [kv("l2_store_throughput_GB_per_second_count", L2)]: "0+1x60",
    }],
    stays: [{
      [kv("l2_store_throughput_GB_per_second_sum", L2)]: "0+0.0101x60",
      [kv("l2_store_throughput_GB_per_second_count", L2)]: "0+1x60",
    }],
  },
  PrefetchesLate: {
    fires: [{
      [kv("l2_prefetch_deadline_requests_total", 'phase="lookup"')]: "0+3x60",
      [kv("l2_prefetch_deadline_requests_total", 'phase="load"')]: "0+3x60",
      [kv("l2_prefetch_lookup_requests_total")]: "0+100x60",
    }],
    stays: [{
      [kv("l2_prefetch_deadline_requests_total", 'phase="load"')]: "0+4x60",
      [kv("l2_prefetch_lookup_requests_total")]: "0+100x60",
    }, {
      [kv("l2_prefetch_deadline_requests_total", 'phase="load"')]: "8x60",
      [kv("l2_prefetch_lookup_requests_total")]: "0x60",
    }],
  },
  L1OutOfMemory: {
    fires: [{ [kv("l1_allocation_failure_chunks_total", 'during="l1_store"')]: "0x50 1+1x10" }],
    stays: [{ [kv("l1_allocation_failure_chunks_total", 'during="l1_store"')]: "4x60" }],
  },
  EvictionStorm: {
    // Three times the hour's rate is about 173 in half a minute here; one a second is 30.
    fires: [
      { [kv("l1_evicted_chunks_total")]: "0+100x45 4500+190x15" },
      { [kv("l1_evicted_chunks_total")]: "0x45 0+31x15" },
    ],
    stays: [
      { [kv("l1_evicted_chunks_total")]: "0+100x45 4500+165x15" },
      { [kv("l1_evicted_chunks_total")]: "0x45 0+29x15" },
      // It has been there for five minutes.
      { [kv("l1_evicted_chunks_total")]: "_x50 0+100x10" },
    ],
  },
  StoresHang: hangs("stores"),
  RetrievesHang: hangs("retrieves"),
  TimeoutsRaised: {
    // The first of its kind, and one more.
    fires: [{ [TIMEOUTS]: "_x55 1x5" }, { [TIMEOUTS]: "3x55 4x5" }],
    stays: [{ [TIMEOUTS]: "3x60" }],
  },
  BlendFailing: {
    fires: [
      {
        [blend("retrieve_failures_total")]: "0+6x60",
        [blend("retrieve_requests_total")]: "0+100x60",
      },
      { [blend("lookup_no_gpu_context_errors_total")]: "0x50 1+1x10" },
    ],
    stays: [{
      [blend("retrieve_failures_total")]: "0+4x60",
      [blend("retrieve_requests_total")]: "0+100x60",
      [blend("lookup_no_gpu_context_errors_total")]: "9x60",
    }],
  },
  BlendCoordinatorSlow: {
    fires: [{
      [blend("coordinator_match_timeouts_total")]: "0+6x60",
      [blend("coordinator_match_duration_milliseconds_count")]: "0+100x60",
    }],
    stays: [{
      [blend("coordinator_match_timeouts_total")]: "0+4x60",
      [blend("coordinator_match_duration_milliseconds_count")]: "0+100x60",
    }],
  },
};

const alerts = [...busAlerts(), ...kvCacheAlerts()];

Deno.test("each alert has a case", () => {
  assertEquals(Object.keys(CASES), alerts.map(({ alert }) => alert));
});

Deno.test({
  name: "each alert fires when it should, and not when it should not",
  ignore: !installed("promtool"),
  async fn() {
    await using folder = await temporaryFolder();
    await writeFile(`${folder.path}/alerts.yml`, rulesYaml("alerts", alerts));
    const firing = (alert: string) =>
      `count by () (ALERTS{alertname="${alert}",alertstate="firing"})`;
    const test = (alert: string, series: Series, samples: unknown[]) => ({
      interval: "30s",
      input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
      promql_expr_test: [{ expr: firing(alert), eval_time: "30m", exp_samples: samples }],
    });
    const tests = Object.entries(CASES).flatMap(([alert, { fires, stays }]) => [
      ...fires.map((series) => test(alert, series, [{ labels: "{}", value: 1 }])),
      ...stays.map((series) => test(alert, series, [])),
    ]);
    const file = `${folder.path}/test.yml`;
    await writeFile(
      file,
      stringify({ rule_files: ["alerts.yml"], evaluation_interval: "30s", tests }),
    );
    for (const args of [["check", "rules", `${folder.path}/alerts.yml`], ["test", "rules", file]]) {
      const { code, stdout, stderr } = await run("promtool", args);
      assertEquals(code, 0, stdout + stderr);
    }
  },
});
