/**
 * Which runtimes run which tests. All of it runs everywhere but for what is listed here, with its
 * reason; `docs/runtimes.md` is written from this and from a run.
 *
 * @module
 */

/** The runtimes beside Deno, which runs every test. */
export const RUNTIMES = ["Node 22", "Node 24", "Bun", "Chromium", "workerd"] as const;

/** One of the runtimes beside Deno. */
export type Runtime = typeof RUNTIMES[number];

const SERVERS: readonly Runtime[] = ["Node 22", "Node 24", "Bun"];
const WEB: readonly Runtime[] = ["Chromium", "workerd"];

/** What a folder of tests is about. A folder that is not here stands under its name. */
export const FEATURES: Readonly<Record<string, string>> = {
  readme: "The README's snippet of the core",
  bus: "The bus",
  library: "What a library imports",
  catalog: "Catalogs",
  batching: "The export queue",
  subscribers: "Subscribers",
  context: "Sessions and operations",
  otel: "OpenTelemetry, Prometheus",
  kv_cache: "The KV-cache preset",
  instrumentation: "HTTP services, metrics of the runtime",
  http: "Metrics over HTTP",
  observability: "All of it in one call",
  generate: "Generated documents",
  exit: "Delivery at exit",
  testing: "Fakes for tests",
  threads: "Many threads",
};

/** Folders whose tests are not about a runtime's behaviour, and run on Deno alone. */
export const DENO_ALONE: Readonly<Record<string, string>> = {
  examples: "the examples are programs for Deno",
  browser: "it starts Chromium itself",
  docs: "it reads the pages of the documentation",
  package: "it imports the sources as Deno does",
  scripts: "the scripts run on Deno",
  std: "tests the tests' own stand-ins",
  workerd: "it starts workerd itself",
  types: "tests types, which `check:pack` compiles for everyone",
  runtimes: "is this matrix",
  support: "what the tests share",
};

/** Tests in folders of the core's entry points that need more than the core, and what it is. */
export const NOT_OF_CORE: Readonly<Record<string, string>> = {
  "library/copies_work_together_test.ts": "an application's set-up beside a library",
  "catalog/scrape_names_carry_units_test.ts": "a scrape",
  "catalog/scrape_names_follow_the_specification_test.ts": "a scrape",
  "catalog/events_hold_counts_test.ts": "metrics, and a document of them",
};

/** Tests that do not run somewhere. */
export interface Skip {
  readonly runtimes: readonly Runtime[];
  /** Folders under `tests/` with a slash at their end, files, or single tests as `file > name`. */
  readonly tests: readonly string[];
  readonly reason: string;
}

const EVENT_TARGET = "bus/it_is_an_event_target_test.ts";

/**
 * Everything that does not run, and why. What needs a port, a process or Deno's own API is found by
 * itself.
 */
export const SKIPS: readonly Skip[] = [
  {
    runtimes: ["Node 22", "Node 24", "Chromium"],
    tests: [`${EVENT_TARGET} > any program with signals does so too`],
    reason: "in the EventTarget of Node and Chromium the signal of an ended registration removes " +
      "a later one of the same listener; the bus follows the standard",
  },
  {
    runtimes: ["workerd"],
    tests: ["bus/a_burst_clock_is_read_once_test.ts"],
    reason: "`burstClock()` is the default clock there: time stands still between two I/Os",
  },
  {
    runtimes: ["workerd"],
    tests: [
      `${EVENT_TARGET} > any program does on a bus what it does on a native EventTarget`,
      `${EVENT_TARGET} > any program with signals does so too`,
      `${EVENT_TARGET} > listeners that throw change nothing but the counts, and end nothing`,
      `${EVENT_TARGET} > a boolean is short for capture`,
    ],
    reason: "the EventTarget of workerd throws on `capture`",
  },
  {
    runtimes: WEB,
    tests: [
      "kv_cache/lookups_are_kept_in_files_test.ts",
      "subscribers/logging/files_outlive_their_disk_test.ts",
      "subscribers/logging/files_rotate_test.ts",
    ],
    reason: "a page and a worker have no files",
  },
  {
    runtimes: WEB,
    tests: [
      "context/copies_share_the_async_context_test.ts",
      "library/copies_work_together_test.ts",
      "library/who_publishes_gets_a_bus_in_any_case_test.ts",
    ],
    reason: "it makes copies of the package with Deno",
  },
  {
    runtimes: WEB,
    tests: [
      "batching/the_export_queue_holds_nothing_up_test.ts",
      "bus/what_was_dispatched_is_let_go_test.ts",
      "kv_cache/lives_cost_the_same_however_often_read_test.ts",
      "subscribers/logging/what_a_process_keeps_is_bounded_test.ts",
      "subscribers/pairs/ended_sessions_leave_nothing_behind_test.ts",
      "subscribers/tracing/ended_spans_leave_nothing_behind_test.ts",
      "subscribers/metrics/a_start_keeps_only_what_is_read_test.ts",
      "subscribers/metrics/orders_of_attributes_cost_bounded_memory_test.ts",
    ],
    reason: "a page and a worker cannot ask for a garbage collection",
  },
  {
    runtimes: ["Node 22", "Node 24", "Bun"],
    tests: ["exit/under_deno_serve_all_threads_deliver_test.ts"],
    reason: "`deno serve` is Deno's alone",
  },
  {
    runtimes: ["Node 22", "Node 24"],
    tests: [
      "threads/a_terminated_thread_stays_counted_test.ts",
      "threads/workers_are_scraped_by_any_test.ts",
    ],
    reason: "Node has no `Worker` of the web; `node:worker_threads` has a test of its own",
  },
  {
    runtimes: WEB,
    tests: ["threads/"],
    reason: "a page that is not isolated and a worker have no SharedArrayBuffer",
  },
  {
    runtimes: WEB,
    tests: ["subscribers/pairs/expiry_runs_in_no_request_test.ts"],
    reason: "a page has no AsyncLocalStorage, and a worker keeps its requests' timers apart",
  },
  {
    runtimes: ["Chromium"],
    tests: [
      "context/operations_travel_with_the_async_context_test.ts",
      "context/sessions_travel_with_the_async_context_test.ts",
      "instrumentation/http/fetch_hands_the_trace_on_test.ts",
    ],
    reason: "a page has no AsyncLocalStorage: sessions are handed on as arguments there",
  },
  {
    runtimes: WEB,
    tests: ["instrumentation/http/a_server_span_of_others_is_joined_test.ts"],
    reason: "OpenTelemetry has no context manager for async functions there",
  },
  {
    runtimes: ["Node 22", "Node 24"],
    tests: ["instrumentation/http/an_upgrade_ends_with_its_101_test.ts"],
    reason: "Node hands upgrades to listeners of their own",
  },
  {
    runtimes: ["Chromium"],
    tests: [
      "instrumentation/http/a_caller_s_trace_goes_on_test.ts",
      "instrumentation/http/a_response_ends_with_its_body_test.ts",
      "instrumentation/http/requests_to_a_handler_are_observed_test.ts",
    ],
    reason: "a page serves nothing",
  },
  {
    runtimes: ["Node 22", "Node 24"],
    tests: ["exit/every_way_to_end_delivers_test.ts > a page that is left delivers"],
    reason: "Node has no global event target with an event for it",
  },
  {
    runtimes: SERVERS,
    tests: [
      "observability/config/needs_no_permission_test.ts > without --allow-env nothing is read, asked for or thrown",
      "observability/config/needs_no_permission_test.ts > with the permission for some variables, these are read",
    ],
    reason: "only Deno asks for a permission to read the environment",
  },
  {
    runtimes: SERVERS,
    tests: [
      "observability/config/environment_test.ts > Deno's own telemetry is noticed, and may know protocols of its own",
      "observability/config/needs_no_permission_test.ts > the runtime's own telemetry is noticed, with the permission or without",
      "observability/a_bus_that_is_handed_in_test.ts > under OTEL_DENO=true it is reported that nobody can pull, where a port is named",
    ],
    reason: "only Deno has telemetry of its own",
  },
  {
    runtimes: ["Chromium"],
    tests: [
      "http/a_scrape_is_compressed_when_asked_test.ts > gzip is used where it is acceptable",
      "http/a_scrape_is_compressed_when_asked_test.ts > what is unpacked is the scrape, down to the last byte",
      "http/gzip_leaves_the_loop_free_test.ts",
    ],
    reason: "a page may not set `accept-encoding`",
  },
  {
    runtimes: ["Bun"],
    tests: ["http/each_server_is_used_as_it_asks_test.ts"],
    reason: "Bun has a server of its own, which other tests run; here Node's is run",
  },
  {
    runtimes: ["Node 22", "Node 24"],
    tests: [
      "http/each_server_is_used_as_it_asks_test.ts > a runtime is known by what it has, and one without a server is told so",
    ],
    reason: "it loads a source file in another process",
  },
  {
    runtimes: WEB,
    tests: ["bus/the_global_bus_test.ts > a second copy of the module has the same global bus"],
    reason: "everything is in one file there",
  },
  {
    runtimes: ["Bun"],
    tests: ["bus/the_global_bus_test.ts > a second copy of the module has the same global bus"],
    reason: "a query does not make another module of a file in Bun",
  },
  {
    runtimes: ["workerd"],
    tests: [
      "bus/the_budget_holds_within_an_event_test.ts > what async handlers do after 1 awaits in the same turn counts",
      "bus/the_budget_holds_within_an_event_test.ts > what async handlers do after 2 awaits in the same turn counts",
      "bus/the_budget_holds_within_an_event_test.ts > what async handlers do after 5 awaits in the same turn counts",
      "bus/the_ledger_is_exact_test.ts > interleaved publishers never exceed the bound",
      "bus/foreign_code_changes_nothing_else_test.ts > a subscriber whose promises throw when they are asked is counted, and ends nothing",
      "bus/slow_handlers_are_named_test.ts > what an async handler does later is not taken for its call",
    ],
    reason:
      "each publish wakes the bus there, since the request of an earlier one may have ended, " +
      "and a turn that does not come within 20 ms is given up",
  },
  {
    runtimes: ["workerd"],
    tests: [
      "otel/delta/a_push_waits_for_the_one_under_way_test.ts > a push waits for the one under way, and a newer one takes its place",
      "otel/delta/many_series_leave_the_loop_free_test.ts > a shutdown waits for deltas that are being made",
      "otel/prometheus/a_late_text_ends_no_other_sharing_test.ts > a text that is done late does not end the sharing of the next collection",
      "otel/prometheus/its_end_is_bounded_test.ts > a reader that hangs holds neither up beyond the timeout",
      "otel/prometheus/overlapping_scrapes_share_a_collection_test.ts > scrapes at the same time are one collection, whatever their formats",
    ],
    reason: "nothing waits there for what another request has begun: that one may end first",
  },
  {
    runtimes: ["workerd"],
    tests: [
      "subscribers/limits_reach_the_subscribers_test.ts > what is recorded, started and logged for a catalog keeps to its limits",
      "subscribers/logging/sinks_are_isolated_test.ts > what a sink that hangs gets past maxPending is dropped, counted, and holds up nobody",
      "subscribers/logging/sinks_are_isolated_test.ts > each type has its own maxPending",
      "subscribers/logging/sinks_are_isolated_test.ts > what a sink has settled leaves its place, and no more",
      "subscribers/self_metrics/the_subscribers_show_their_counts_test.ts > a scrape shows what stats() says of each subscriber",
    ],
    reason: "records that are pending are not counted there: those of a request that has ended " +
      "would be pending for ever",
  },
  {
    runtimes: ["Chromium"],
    tests: [
      "subscribers/logging/a_full_output_is_waited_for_test.ts > at the end of a process a full output is waited for",
      "subscribers/logging/a_full_output_is_waited_for_test.ts > but not for ever",
    ],
    reason: "a page may not stand still",
  },
  {
    runtimes: ["workerd"],
    tests: [
      "subscribers/logging/a_full_output_is_waited_for_test.ts",
      "subscribers/logging/a_sink_gets_one_record_at_a_time_test.ts",
      "subscribers/logging/lines_are_written_in_chunks_test.ts",
    ],
    reason: "no record waits there for what another request has begun: that one may end first",
  },
  {
    runtimes: WEB,
    tests: [
      "generate/alerts_fire_when_they_should_test.ts > each alert fires when it should, and not when it should not",
      "generate/every_string_comes_back_test.ts > promtool takes rules of any job, prefix and group",
      "otel/prometheus/prometheus_accepts_the_scrape_test.ts > promtool finds nothing to complain about",
      "otel/prometheus/prometheus_accepts_the_scrape_test.ts > a real Prometheus scrapes it",
      "otel/prometheus/prometheus_accepts_the_scrape_test.ts > a real Prometheus scrapes OpenMetrics, and keeps the exemplars",
    ],
    reason: "a page and a worker start no Prometheus",
  },
  {
    runtimes: WEB,
    tests: [
      "http/a_client_that_goes_away_aborts_its_request_test.ts",
      "http/a_handler_is_found_wherever_it_is_mounted_test.ts",
      "http/a_scrape_is_compressed_when_asked_test.ts > a real client unpacks it",
      "http/a_signal_holds_nothing_of_an_ended_server_test.ts",
      "http/a_server_of_deno_starts_again_test.ts",
      "http/each_server_is_used_as_it_asks_test.ts",
      "http/hostile_clients_stop_nothing_test.ts",
      "http/metrics_are_served_test.ts",
      "http/node_handlers_stream_both_ways_test.ts",
      "instrumentation/http/a_connection_that_closes_ends_all_its_requests_test.ts",
      "instrumentation/http/a_response_that_breaks_off_is_the_failure_of_whom_it_is_test.ts",
      "instrumentation/http/a_trace_goes_through_services_test.ts",
      "instrumentation/http/an_upgrade_ends_with_its_101_test.ts",
      "instrumentation/http/every_framework_is_observed_alike_test.ts",
      "instrumentation/http/redirects_take_nothing_elsewhere_test.ts",
      "instrumentation/http/routes_are_templates_test.ts",
      "instrumentation/http/upgrades_of_node_end_with_their_status_test.ts",
      "http/others_are_not_answered_test.ts > a server on loopback answers for loopback names, unless it allows others",
      "http/others_are_not_answered_test.ts > where others reach it, a server needs a token, or somebody who says that it needs none",
    ],
    reason: "a page and a worker have no port to listen on",
  },
  {
    runtimes: WEB,
    tests: [
      "batching/exports_run_in_no_callers_context_test.ts",
      "bus/reports_are_in_no_callers_context_test.ts",
      "subscribers/logging/a_flood_is_told_in_no_callers_context_test.ts",
    ],
    reason: "a page has no async contexts, and a worker keeps each request in its own",
  },
  {
    runtimes: ["workerd"],
    tests: [
      "context/sessions_travel_with_the_async_context_test.ts > handlers run in no session, whoever publishes",
    ],
    reason: "the tests are evaluated within a request there, whose context is the only one",
  },
  {
    runtimes: WEB,
    tests: [
      "instrumentation/runtime/it_asks_for_nothing_and_keeps_nothing_alive_test.ts",
      "instrumentation/runtime/the_runtime_is_among_the_metrics_test.ts",
      "instrumentation/runtime/under_the_runtimes_telemetry_none_comes_twice_test.ts",
    ],
    reason: "a page and a worker have no process that could tell of itself",
  },
  {
    runtimes: ["workerd"],
    tests: [
      "instrumentation/runtime/a_broken_reading_leaves_out_its_metrics_alone_test.ts",
      "instrumentation/runtime/delays_are_measured_with_a_timer_test.ts",
      "instrumentation/runtime/node_s_own_measurements_are_used_test.ts",
      "instrumentation/runtime/shares_are_measured_since_an_earlier_reading_test.ts",
      "instrumentation/runtime/what_a_runtime_does_not_tell_is_left_out_test.ts > functions that are not there are not missed",
      "instrumentation/runtime/what_a_runtime_does_not_tell_is_left_out_test.ts > a space of the heap is shown once it has held something, and from then on",
      "instrumentation/runtime/what_a_runtime_does_not_tell_is_left_out_test.ts > what another engine says of V8's heap is not believed",
    ],
    reason: "nothing is read where requests are kept apart: clocks stand still there",
  },
  {
    runtimes: ["Chromium"],
    tests: [
      "otel/otlp/what_a_receiver_says_is_told_test.ts > an exporter names itself, behind what the program calls itself",
    ],
    reason: "a browser names itself",
  },
  {
    runtimes: WEB,
    tests: ["subscribers/logging/the_console_is_captured_test.ts"],
    reason:
      "a page has no AsyncLocalStorage to know a sink's own lines by, and a worker's requests " +
      "do not wait for each other",
  },
  {
    runtimes: WEB,
    tests: ["observability/", "kv_cache/lmcache_s_flags_are_taken_or_refused_test.ts"],
    reason: "it reads a process's arguments and environment, and starts a server",
  },
];

/** What a test waits for that says `ignore`, where that is nothing that everyone has. */
export const IGNORED: Readonly<Record<string, string>> = {
  "observability/a_collector_takes_all_three_signals_test.ts":
    "an OpenTelemetry Collector, which `OTELCOL_BIN` names",
};
