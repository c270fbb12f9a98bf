import { EventBus } from "../bus/event_bus.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { type AnyCatalog, combineCatalogs, type CombinedEvents } from "../catalog/combine.ts";
import { isEventBus } from "../library/brand.ts";
import type { AnyEvents } from "../events/event_map.ts";
import { type ExitStopOptions, installExitHooks } from "../exit/hooks.ts";
import type { EventSubscriber } from "../library/event_subscriber.ts";
import type { DeadlineOptions } from "../library/options.ts";
import { awaitInNeutralContext } from "../internal/neutral_context.ts";
import { observeRuntime } from "../instrumentation/runtime/observe_runtime.ts";
import { readVariable } from "../internal/read_variable.ts";
import { errorText, report } from "../internal/reporting.ts";
import { observeCallbacks } from "../subscribers/self_metrics/observe_callbacks.ts";
import { observeExport } from "../subscribers/self_metrics/observe_export.ts";
import { type CatalogSubscription, subscribeCatalog } from "../subscribers/subscribe_catalog.ts";
import { Claims } from "./claims.ts";
import type { ObservabilityConfig } from "./config/config.ts";
import { readEnv } from "./config/env.ts";
import { Endpoints } from "./endpoints.ts";
import { ineffectiveEnvVars } from "./config/ineffective_env_vars.ts";
import { createDisabledHandle, createHandle, type Observability } from "./handle.ts";
import { listen } from "./listen.ts";
import { logSinks } from "./log_sinks.ts";
import { startLine } from "./start_line.ts";
import { busFunctions, resolveConfig, type StartOptions } from "./start_options.ts";
import { sourceOfThread, sourceOfThreads } from "./metrics_source.ts";
import { createRuntimeTelemetry } from "./telemetry/runtime_telemetry.ts";
import { createSdkTelemetry } from "./telemetry/sdk_telemetry.ts";
import type { Telemetry } from "./telemetry/telemetry.ts";
import { resolveAccess } from "./server_options.ts";
import { MIRROR } from "../subscribers/metrics/mirror.ts";
import type { PortKeeper } from "../threads/membership/port_keeper.ts";
import type { SharedMetrics } from "../threads/shared_metrics.ts";
import { stayAlive, type WorkerKeeper } from "../threads/membership/worker_keeper.ts";
import {
  createPortKeeper,
  createWorkerKeeper,
  resolveThreads,
  shareMetrics,
} from "./share_metrics.ts";
import { assertDrain, type ShutdownOptions } from "./shutdown.ts";
import { UndoStack } from "./undo_stack.ts";

/** What is being set up, checked. */
interface Start<Events extends object> {
  readonly bus: EventBus<Events>;
  readonly ownsBus: boolean;
  readonly config: ObservabilityConfig;
  readonly options: StartOptions<Events>;
  readonly logger: NonNullable<StartOptions["logger"]>;
  /** Makes the endpoints that show a scrape, if there is one. */
  readonly show: (scrape: Telemetry["scrape"]) => Endpoints;
  readonly undo: UndoStack;
  readonly claims: Claims;
}

/**
 * Marks a bus that is under observation, for all copies of the package: twice would count everything
 * double.
 */
const OBSERVED = Symbol.for("@busbar/busbar/observed");

/**
 * Sets up everything: a bus, subscribers for what the catalog declares, and an OpenTelemetry SDK.
 * If an OTLP endpoint is set, metrics, log records and, if enabled, spans are pushed to it.
 * Otherwise metrics are served at `http://127.0.0.1:9464/metrics`, and log records are written to
 * the standard output: as text on a terminal, else as JSON lines.
 *
 * Each setting comes from the first of these that has it: the options, `args`, OpenTelemetry's
 * environment variables, `DEFAULT_OBSERVABILITY_CONFIG`. No value of a variable stops the start:
 * those that have no effect are logged. So is, in one line, where metrics, spans and log records go. Under `OTEL_DENO=true` the runtime's own providers are used.
 *
 * **A program that is loaded anew** in the same process (`bun --hot`, Vite) calls it again while the
 * older one runs. The newer takes over: the older one is shut down first, within 2 seconds, if it has
 * the same service name and the same address, or both are registered globally; under `bun --hot` and
 * with `replace` in any case. That is logged, but for the last two. Others go on side by side.
 *
 * An address that another process has is tried for a second: it may be ending.
 *
 * **Several threads** (the option `threads`) have one port between them: one of them opens it, which
 * one does not matter, and another one does when that has ended. An address that somebody else has
 * is no error then: it is told after a second, and tried again.
 *
 * **A worker of `node:cluster`** shares its ports with the others: it serves no metrics, which is
 * logged, and the start goes on; likewise a child process (`fork`) whose address stays in use. Whoever
 * mounts the handler in such a worker is told once that it shows that worker alone.
 *
 * If the start fails, whatever it had started is ended before it throws.
 *
 * Deno permissions: `--allow-net=127.0.0.1:9464` to serve metrics, `--allow-net` for the endpoint
 * to push, `--allow-env` to read environment variables; without it, they are treated as not set.
 *
 * @example
 * ```ts
 * import { declare } from "@busbar/busbar/catalog";
 * import { startObservability } from "@busbar/busbar/observability";
 *
 * interface ShopEvents {
 *   "order": { status: string };
 * }
 * const { catalog, counter } = declare<ShopEvents>();
 * const shop = catalog({ metrics: { "shop.orders": counter("order") } });
 *
 * await using obs = await startObservability({ catalog: shop, prometheus: { port: 0 } });
 * obs.bus.publish("order", { status: "ok" });
 * await obs.flush();
 * const scrape = await obs.scrape();
 * if (!scrape.includes("shop_orders_total 1")) throw new Error(scrape);
 * ```
 *
 * @throws {TypeError} if an option is unknown or of the wrong type
 * @throws {RangeError} if an option is out of range
 * @throws {ConfigurationError} if a flag is invalid, or two settings contradict each other
 * @throws {AddressInUseError} if the address to serve metrics at is in use, after a second, and this is
 * no child process of `fork`; at once if another service of this process has it
 * @throws {Error} if another `startObservability` uses the bus, or another provider is registered
 * @throws the reason of `signal`, if it aborted
 */
export function startObservability<const Catalogs extends readonly AnyCatalog[]>(
  options: StartOptions<CombinedEvents<Catalogs>> & { readonly catalog: Catalogs },
): Promise<Observability<CombinedEvents<Catalogs>>>;
/** The same, with one catalog or none. */
export function startObservability<Events extends object = AnyEvents>(
  options?: StartOptions<Events>,
): Promise<Observability<Events>>;
export async function startObservability<Events extends object = AnyEvents>(
  options: StartOptions<Events> = {},
): Promise<Observability<Events>> {
  const { logger = console } = options;
  const { config, token, lines } = resolveAccess(options, resolveConfig(options));
  options.signal?.throwIfAborted();
  const ownsBus = !isEventBus(options.bus);
  const bus = isEventBus(options.bus) ? options.bus : new EventBus<Events>({
    ...config.bus,
    ...busFunctions(options),
    enabled: config.enabled,
    logger,
  });
  const show = (scrape: Telemetry["scrape"]) =>
    new Endpoints({ ...options, token, scrape, stats: () => bus.stats(), logger });
  const claims = new Claims(config, { ...options, logger });
  // Each time anew: others may have waited for the same, and one of them goes first.
  for (let end = claims.takeOver(); end !== undefined; end = claims.takeOver()) {
    await end;
    options.signal?.throwIfAborted();
  }
  const reportAll = () => {
    // What has been said of a variable is not said again.
    const isNew = (line: string) =>
      !lines.some((other) => other.split(":")[0] === line.split(":")[0]);
    const others = ineffectiveEnvVars(config, options.env).filter(isNew);
    for (const line of [...lines, ...others]) report(logger, line);
  };
  if (!config.enabled) {
    reportAll();
    const said = readEnv(options.env ?? readVariable).values.get("enabled");
    const by = said?.value === false ? ` by ${said.name}` : "";
    report(logger, `observability is disabled${by}: nothing is measured, traced or logged`);
    // What the program subscribes to a bus of its own goes on.
    if (!ownsBus) bus.start();
    const registrations: Disposable[] = [];
    const disabled = createDisabledHandle<Events>({
      bus,
      config,
      endpoints: show(undefined),
      registrations,
    });
    installHooks<Events>(disabled, { bus, options, logger }, (hooks) => registrations.push(hooks));
    return disabled;
  }
  if (isObserved(bus)) {
    throw new Error(
      "Cannot start observability: bus must not be under observation already; " +
        "shut the earlier startObservability down first",
    );
  }
  reportAll();

  // At once: another call may come while this one waits for the server.
  setObserved(bus, true);
  const undo = new UndoStack();
  undo.add(() => setObserved(bus, false));
  claims.hold();
  undo.add(() => claims[Symbol.dispose]());
  try {
    // What is started here, such as the timer of a push, must not keep the caller's context.
    return await awaitInNeutralContext(() =>
      start<Events>({ bus, ownsBus, config, options, show, logger, undo, claims })
    );
  } catch (error) {
    await undo.undo();
    throw error;
  }
}

async function start<Events extends object>(
  context: Start<Events>,
): Promise<Observability<Events>> {
  const { bus, ownsBus, options, show, logger, undo, claims } = context;
  let { config } = context;
  // The SDK reads what the subscribers add up; they need its tracer first.
  let source = sourceOfThread(() => Promise.resolve([]));
  const isShared = resolveThreads(options.threads) !== undefined;
  const telemetry = config.runtimeTelemetry
    ? createRuntimeTelemetry(config, logger)
    : createSdkTelemetry({
      config,
      collect: () => source.collect(),
      pushes: () => source.pushes(),
      sharedDeltas: isShared ? () => source.deltas : undefined,
      isPusher: isShared ? () => source.isPusher() : undefined,
      instanceId: () => source.instanceId(),
      logger,
    });
  undo.add(async () => {
    // There is nothing to push yet, and the error may not wait for an endpoint that hangs.
    telemetry.abort();
    for (const { run } of telemetry.shutdownSteps) await run(0);
  });
  const registrations: Disposable[] = [{ [Symbol.dispose]: () => setObserved(bus, false) }];
  const keep = (registration: Disposable) => {
    registrations.push(registration);
    undo.add(() => registration[Symbol.dispose]());
  };
  if (options.registerGlobally) keep(telemetry.registerGlobally());
  const port: { keeper?: PortKeeper; worker?: WorkerKeeper | undefined } = {};
  const onRole = () => {
    port.keeper?.update();
    port.worker?.update();
  };
  const shared = shareMetrics({ ...context, onRole }, telemetry);
  if (shared !== undefined) {
    keep(shared);
    port.worker = createWorkerKeeper(shared, context);
    if (port.worker !== undefined) keep(port.worker);
    if (shared.isKept) keep(stayAlive());
  }
  const subscription = subscribe(context, telemetry, shared);
  source = shared === undefined
    ? sourceOfThread(subscription.collectInSlices)
    : sourceOfThreads(shared, context, () => endpoints.isEnding);
  undo.add(() => subscription[Symbol.dispose]());
  if (config.metricsEnabled) {
    const { meter } = shared ?? telemetry;
    keep(observeExport(telemetry.exportStats, { meter, prefix: options.selfMetricsPrefix }));
    keep(observeCallbacks(telemetry.failedCallbacks, { meter, prefix: options.selfMetricsPrefix }));
    if (config.runtimeMetrics) keep(observeRuntime({ meter, logger }));
  }
  const endpoints = show(telemetry.scrape);
  const open = (address: ObservabilityConfig["prometheus"]) => {
    if (shared === undefined) {
      return claims.listen(address, () => endpoints.listen(address), options.signal);
    }
    port.keeper = createPortKeeper(address, { endpoints, membership: shared.membership, logger });
    return port.keeper.open();
  };
  const { server, prometheus } = await listen(telemetry.scrape && open, config, options);
  config = { ...config, prometheus };
  if (server !== undefined) undo.add(() => server.shutdown());
  // A thread that opens none leaves that to others.
  else shared?.membership.yield("port", Infinity);
  options.signal?.throwIfAborted();
  const observability = createHandle({
    bus,
    ownsBus,
    config,
    telemetry,
    subscription,
    registrations,
    endpoints,
    server,
    claims,
  });
  endWith(observability, context, keep);
  bus.start();
  claims.startedAs({
    shutdown: observability.shutdown,
    get isEnding() {
      return endpoints.isEnding;
    },
  });
  if (!config.runtimeTelemetry) {
    const { logSink, captureConsole = false } = options;
    const hasLogs = captureConsole || combineCatalogs(options.catalog ?? {}).logs !== undefined;
    const metricsUrl = server && (server.metricsUrl ?? null);
    report(logger, startLine(config, { metricsUrl, hasLogs, logSink }));
  }
  return observability;
}

function subscribe<Events extends object>(
  { bus, config, options, logger }: Start<Events>,
  { meter, recordsThroughMeter, tracer, deferAttributes, logger: otelLogger }: Telemetry,
  shared: SharedMetrics<Events> | undefined,
): CatalogSubscription {
  const { minLevel, redact } = options;
  // What a slice has counted shows when all have counted.
  const { subscribers: others = [] } = options;
  const subscribers: readonly EventSubscriber<Events>[] = shared === undefined
    ? others
    : [...others, shared.ledger];
  const catalog = combineCatalogs(options.catalog ?? {}) as Catalog<Events>;
  return subscribeCatalog(bus, catalog, {
    ...{ [MIRROR]: shared?.mirror },
    meter: config.metricsEnabled ? shared?.meter ?? meter : undefined,
    collect: config.metricsEnabled && !recordsThroughMeter,
    tracer,
    captureConsole: config.loggingEnabled ? options.captureConsole : undefined,
    sink: config.loggingEnabled && (catalog.logs !== undefined || options.captureConsole)
      ? logSinks(config, options, { otelLogger, logger })
      : undefined,
    subscribers,
    exemplars: config.exemplarFilter !== "always_off",
    selfMetricsPrefix: options.selfMetricsPrefix,
    sessionIdAttribute: options.sessionIdAttribute,
    operationIdAttribute: options.operationIdAttribute,
    deferAttributes,
    minLevel,
    redact,
    maxPerSecond: options.maxPerSecond,
    sessionSampleRatio: options.sessionSampleRatio,
    maxPending: options.maxPending,
    suppressedIntervalMs: options.suppressedIntervalMs,
    maxOpenPairs: options.maxOpenPairs,
    maxPairAgeMs: options.maxPairAgeMs,
    logger,
  });
}

/** Shuts down when the process ends or the signal aborts. */
function endWith<Events extends object>(
  observability: Observability<Events>,
  context: Pick<Start<Events>, "bus" | "options" | "logger">,
  keep: (registration: Disposable) => void,
): void {
  installHooks(observability, context, keep);
  const { options: { signal }, logger } = context;
  if (signal === undefined) return;
  const onAbort = () => void shutDown(observability, logger);
  signal.addEventListener("abort", onAbort);
  keep({ [Symbol.dispose]: () => signal.removeEventListener("abort", onAbort) });
}

/** Shuts down when the process ends. */
function installHooks<Events extends object>(
  observability: Observability<Events>,
  { bus, options, logger }: Pick<Start<Events>, "bus" | "options" | "logger">,
  keep: (registration: Disposable) => void,
): void {
  if (options.exitHooks === undefined) return;
  const { drainMs, close, ...exitHooks } = options.exitHooks;
  assertDrain({ drainMs, close });
  const stop = ({ exitSignal, ...deadline }: ExitStopOptions) =>
    shutDown(
      observability,
      logger,
      exitSignal === undefined ? deadline : {
        ...deadline,
        drainMs,
        close,
      },
    );
  const flushSync = (deadline: DeadlineOptions) => bus.flushSync(deadline);
  keep(installExitHooks({ stop, flushSync }, exitHooks));
}

/** Where nobody waits for it, what fails is logged. */
function shutDown<Events extends object>(
  observability: Observability<Events>,
  logger: Start<Events>["logger"],
  options?: ShutdownOptions,
): Promise<void> {
  // Its message has what its errors say.
  const tell = (error: unknown) => report(logger, errorText(error, true));
  return observability.shutdown(options).catch(tell);
}

function isObserved(bus: object): boolean {
  return (bus as { [OBSERVED]?: boolean })[OBSERVED] === true;
}

function setObserved(bus: object, observed: boolean): void {
  (bus as { [OBSERVED]?: boolean })[OBSERVED] = observed;
}
