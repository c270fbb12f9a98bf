import { assertEquals, assertThrows } from "@std/assert";
import {
  ConfigurationError,
  OBSERVABILITY_FLAGS,
  parseObservabilityArgs,
} from "@busbar/busbar/observability";

Deno.test("each flag says what it is for, and what is no flag is left", () => {
  const cases: [args: string[], config: object, rest: string[]][] = [
    [[], {}, []],
    [["--disable-observability"], { enabled: false }, []],
    [["--disable-metrics"], { metricsEnabled: false }, []],
    [["--disable-logging"], { loggingEnabled: false }, []],
    [["--enable-tracing"], { tracingEnabled: true }, []],
    [["--event-bus-queue-size", "1"], { bus: { maxQueueSize: 1 } }, []],
    [["--event-bus-queue-size=16777216"], { bus: { maxQueueSize: 16_777_216 } }, []],
    [["--otlp-endpoint", "http://a:1"], { otlp: { endpoint: "http://a:1" } }, []],
    [["--prometheus-port", "0"], { prometheus: { port: 0 } }, []],
    [["--prometheus-port=1", "--prometheus-port", "2"], { prometheus: { port: 2 } }, []],
    [["--service-instance-id=--odd"], { serviceInstanceId: "--odd" }, []],
    [
      ["serve", "--prometheus-port", "9000", "fast", "--", "--enable-tracing"],
      { prometheus: { port: 9_000 } },
      ["serve", "fast", "--", "--enable-tracing"],
    ],
  ];
  for (const [args, config, rest] of cases) {
    assertEquals(parseObservabilityArgs(args), { config, rest });
  }
});

Deno.test("a bad value or an unknown flag is refused by the flag's name", () => {
  const url = "an http or https URL without a user name and password";
  const cases: [args: string[], message: string][] = [
    [
      ["--event-bus-queue-size", "abc"],
      '--event-bus-queue-size: must be an integer from 1 to 16777216, received "abc"',
    ],
    [
      ["--event-bus-queue-size=0"],
      '--event-bus-queue-size: must be an integer from 1 to 16777216, received "0"',
    ],
    [
      ["--event-bus-queue-size=1e3"],
      '--event-bus-queue-size: must be an integer from 1 to 16777216, received "1e3"',
    ],
    [
      ["--event-bus-queue-size"],
      "--event-bus-queue-size: must be an integer from 1 to 16777216, received nothing",
    ],
    [
      ["--prometheus-port", "-1"],
      '--prometheus-port: must be an integer from 0 to 65535, received "-1"',
    ],
    [
      ["--prometheus-port", "--enable-tracing"],
      "--prometheus-port: must be an integer from 0 to 65535, received nothing",
    ],
    [
      ["--otlp-endpoint", "localhost:4318"],
      `--otlp-endpoint: must be ${url}, received "localhost:4318"`,
    ],
    [["--otlp-endpoint="], `--otlp-endpoint: must be ${url}, received ""`],
    [
      ["--otlp-endpoint=http://me:secret@a:1/x?key=secret"],
      `--otlp-endpoint: must be ${url}, received "http://…@a:1/x?…"`,
    ],
    [
      ["--service-instance-id="],
      '--service-instance-id: must be text that is not empty, received ""',
    ],
    [["--disable-metrics=no"], '--disable-metrics: takes no value, received "no"'],
    [["--metrics"], `--metrics: unknown; the flags are ${OBSERVABILITY_FLAGS.join(", ")}`],
    [["-x"], `-x: unknown; the flags are ${OBSERVABILITY_FLAGS.join(", ")}`],
  ];
  for (const [args, message] of cases) {
    const error = assertThrows(() => parseObservabilityArgs(args), ConfigurationError);
    assertEquals(error.message, message);
    assertEquals(error.source, message.slice(0, message.indexOf(":")));
  }
});

Deno.test("a program with flags of its own gets them back as they were", () => {
  const args = ["--verbose", "--enable-tracing", "-xv", "--port", "1", "--prometheus-port=2", "in"];
  assertEquals(parseObservabilityArgs(args, { allowUnknown: true }), {
    config: { tracingEnabled: true, prometheus: { port: 2 } },
    rest: ["--verbose", "-xv", "--port", "1", "in"],
  });
  assertThrows(() => parseObservabilityArgs(args, { allowUnknown: undefined }), ConfigurationError);
  assertThrows(
    () => parseObservabilityArgs(args, { allowUnkown: true } as never),
    TypeError,
    'Cannot parse flags: there is no option "allowUnkown"; did you mean "allowUnknown"?',
  );
});
