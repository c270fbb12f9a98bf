import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseKvCacheArgs } from "@busbar/busbar/kv-cache";
import { OBSERVABILITY_FLAGS } from "@busbar/busbar/observability";

/** All of LMCache's that are about observability. */
const FLAGS = [
  "--disable-observability",
  "--disable-metrics",
  "--disable-logging",
  "--enable-tracing",
  "--otlp-endpoint",
  "--event-bus-queue-size",
  "--prometheus-port",
  "--http-host",
  "--http-port",
  "--instance-id",
  "--metrics-sample-rate",
  "--lookup-hash-log-dir",
  "--lookup-hash-log-rotation-interval",
  "--lookup-hash-log-rotation-max-size",
  "--lookup-hash-log-max-files",
  "--enable-gc-monitor",
  "--gc-monitor-min-pause-ms",
  "--gc-monitor-top-objects",
  "--enable-extra-logging",
  "--extra-logging-interval",
  "--trace-level",
  "--trace-output",
  "--disable-grpc-metrics",
  "--coordinator-url",
  "--coordinator-event-reporting",
  "--coordinator-event-flush-interval",
];
const TAKEN = [...OBSERVABILITY_FLAGS, "--instance-id", "--metrics-sample-rate"];

for (const flag of FLAGS) {
  Deno.test(`${flag} is ${TAKEN.includes(flag) ? "taken" : "refused, with what to use"}`, () => {
    if (TAKEN.includes(flag)) {
      const { options, rest } = parseKvCacheArgs([flag, "1"]);
      assert(rest.length > 0 || options.lifecycleSampleRatio === 1);
      return;
    }
    for (const args of [[flag, "1"], [`${flag}=1`], ["--disable-logging", flag]]) {
      const { message } = assertThrows(() => parseKvCacheArgs(args), TypeError);
      const start = `Cannot read the flags of the KV cache: ${flag} has no meaning here; use `;
      assertEquals(message.startsWith(start), true, message);
      assert(message.length > start.length);
    }
  });
}

Deno.test("the sample rate is the catalog's, the instance's id that of the service", () => {
  assertEquals(
    parseKvCacheArgs(["serve", "--metrics-sample-rate=0.25", "--instance-id", "a", "-v"]),
    { options: { lifecycleSampleRatio: 0.25 }, rest: ["serve", "--service-instance-id=a", "-v"] },
  );
  assertEquals(parseKvCacheArgs([]), { options: { lifecycleSampleRatio: undefined }, rest: [] });
  assertEquals(
    parseKvCacheArgs(["--metrics-sample-rate", "1", "--metrics-sample-rate", "0.5"]).options,
    { lifecycleSampleRatio: 0.5 },
  );
});

Deno.test("what comes after -- is nobody's flag", () => {
  const rest = ["a", "--", "--metrics-sample-rate", "9", "--http-port"];
  assertEquals(parseKvCacheArgs(rest), { options: { lifecycleSampleRatio: undefined }, rest });
});

Deno.test("a value that is missing or out of range gets the rule", () => {
  for (const args of [[], ["--disable-logging"], [""]]) {
    assertThrows(
      () => parseKvCacheArgs(["--metrics-sample-rate", ...args]),
      TypeError,
      "Cannot read the flags of the KV cache: --metrics-sample-rate must be followed by a value",
    );
  }
  assertThrows(() => parseKvCacheArgs(["--instance-id="]), TypeError, "--instance-id");
  for (const rate of ["0", "-0.5", "1.5", "often", " ", "NaN"]) {
    assertThrows(
      () => parseKvCacheArgs([`--metrics-sample-rate=${rate}`]),
      RangeError,
      "--metrics-sample-rate must be a number above 0 and at most 1, received " +
        JSON.stringify(rate),
    );
  }
});
