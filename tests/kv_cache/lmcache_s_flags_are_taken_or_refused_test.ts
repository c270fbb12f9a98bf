import { assert, assertEquals, assertThrows } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { type KvCacheEvents, parseKvCacheArgs, registerKvCache } from "@busbar/busbar/kv-cache";
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
const TAKEN = [
  ...OBSERVABILITY_FLAGS,
  "--instance-id",
  "--metrics-sample-rate",
  "--lookup-hash-log-dir",
  "--lookup-hash-log-rotation-interval",
  "--lookup-hash-log-rotation-max-size",
  "--lookup-hash-log-max-files",
  "--enable-extra-logging",
  "--extra-logging-interval",
  "--disable-grpc-metrics",
];
const NOTHING = {
  options: { lifecycleSampleRatio: undefined },
  lookupHashLog: undefined,
  transferReport: undefined,
  rest: [],
};

for (const flag of FLAGS) {
  Deno.test(`${flag} is ${TAKEN.includes(flag) ? "taken" : "refused, with what to use"}`, () => {
    if (TAKEN.includes(flag)) {
      parseKvCacheArgs([flag, "1"]); // what becomes of it is below
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
    {
      ...NOTHING,
      options: { lifecycleSampleRatio: 0.25 },
      rest: ["serve", "--service-instance-id=a", "-v"],
    },
  );
  assertEquals(parseKvCacheArgs([]), NOTHING);
  assertEquals(
    parseKvCacheArgs(["--metrics-sample-rate", "1", "--metrics-sample-rate", "0.5"]).options,
    { lifecycleSampleRatio: 0.5 },
  );
});

Deno.test("the files of lookups' hashes are the option of registerKvCache, seconds in milliseconds", () => {
  const limits = [
    "--lookup-hash-log-rotation-interval=1.5",
    "--lookup-hash-log-rotation-max-size",
    "1048576",
    "--lookup-hash-log-max-files=3",
  ];
  assertEquals(parseKvCacheArgs(["--lookup-hash-log-dir", "/a b", ...limits]), {
    ...NOTHING,
    lookupHashLog: {
      directory: "/a b",
      maxFileAgeMs: 1_500,
      maxFileBytes: 1_048_576,
      maxFiles: 3,
    },
  });
  assertEquals(parseKvCacheArgs(["--lookup-hash-log-dir=a"]).lookupHashLog, { directory: "a" });
  // As there, they are off without a directory.
  assertEquals(parseKvCacheArgs(limits), NOTHING);
  for (const off of [["--lookup-hash-log-dir", ""], ["--lookup-hash-log-dir="]]) {
    assertEquals(parseKvCacheArgs([...off, ...limits]), NOTHING);
    assertEquals(parseKvCacheArgs(["--lookup-hash-log-dir=a", ...off]), NOTHING);
  }
});

Deno.test("the report of transfers is the option of registerKvCache, but for what writes it", async () => {
  assertEquals(
    parseKvCacheArgs(["--extra-logging-interval", "2.5", "--enable-extra-logging", "serve"]),
    { ...NOTHING, transferReport: { intervalMs: 2_500 }, rest: ["serve"] },
  );
  assertEquals(parseKvCacheArgs(["--enable-extra-logging"]), {
    ...NOTHING,
    transferReport: { intervalMs: undefined },
  });
  assertEquals(parseKvCacheArgs(["--extra-logging-interval=1"]), NOTHING);

  const { transferReport } = parseKvCacheArgs(["--enable-extra-logging"]);
  const lines: string[] = [];
  const bus = new EventBus<KvCacheEvents>().start();
  registerKvCache(bus, {
    transferReport: transferReport && { ...transferReport, write: (line) => void lines.push(line) },
    gauges: { l1: () => ({ usedBytes: 1, totalBytes: 4 }) },
  });
  await bus.stop();
  assertEquals(lines, ["L1: 0.00 of 0.00 GiB used, 25.0 %"]);
});

Deno.test("what contradicts itself is refused", () => {
  for (const args of [[], ["--extra-logging-interval", "5"]]) {
    for (const end of [["serve"], ["--", "--enable-tracing"]]) {
      const both = ["--disable-observability", ...args, "--enable-extra-logging", ...end];
      assertThrows(
        () => parseKvCacheArgs(both),
        TypeError,
        "Cannot read the flags of the KV cache: --enable-extra-logging must be without " +
          "--disable-observability, received both",
      );
    }
  }
  const apart = ["--disable-observability", "--extra-logging-interval=5"];
  assertEquals(parseKvCacheArgs(apart), { ...NOTHING, rest: ["--disable-observability"] });
  parseKvCacheArgs(["--enable-extra-logging", "--", "--disable-observability"]);
  assertThrows(
    () => parseKvCacheArgs(["--enable-extra-logging=1"]),
    TypeError,
    '--enable-extra-logging must be without a value, received "1"',
  );
});

Deno.test("what comes after -- is nobody's flag", () => {
  const rest = ["a", "--", "--metrics-sample-rate", "9", "--http-port", "--enable-extra-logging"];
  assertEquals(parseKvCacheArgs(rest), { ...NOTHING, rest });
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
  assertThrows(() => parseKvCacheArgs(["--lookup-hash-log-dir"]), TypeError, "by a value");
  const seconds = "a number of seconds above 0";
  for (
    const [flag, rule, wrong] of [
      ["--lookup-hash-log-rotation-interval", seconds, ["0", "-1", "6h", "Infinity", " "]],
      ["--extra-logging-interval", seconds, ["0", "-1", "often", "1e999"]],
      ["--lookup-hash-log-rotation-max-size", "a positive integer", ["0", "1.5", "100MB", "-1"]],
      ["--lookup-hash-log-max-files", "a positive integer", ["0", "1.5", "many", "1e300"]],
    ] as const
  ) {
    for (const text of wrong) {
      assertThrows(
        () => parseKvCacheArgs([flag, text]),
        RangeError,
        `Cannot read the flags of the KV cache: ${flag} must be ${rule}, received "${text}"`,
      );
    }
  }
});

Deno.test("there are no metrics of gRPC, so that they can be disabled", () => {
  assertEquals(parseKvCacheArgs(["--disable-grpc-metrics", "serve"]), {
    ...NOTHING,
    rest: ["serve"],
  });
  assertThrows(
    () => parseKvCacheArgs(["--disable-grpc-metrics=no"]),
    TypeError,
    '--disable-grpc-metrics must be without a value, received "no"',
  );
});
