/** What the command line of `deno task test:again` asks for. */
export interface Arguments {
  /** How often the tests run. */
  readonly times: number;
  /** Whether other processes keep every core busy meanwhile. */
  readonly busy: boolean;
  /** Whether every file runs by itself. */
  readonly each: boolean;
  /** Only files with this in their path run. */
  readonly filter: string;
}

const USAGE = "deno task test:again <times> [--busy] [--each] [part of a path]";

/** @throws {TypeError} if they are not as the usage says */
export function parseArguments(args: readonly string[]): Arguments {
  const flags = args.filter((arg) => arg.startsWith("-"));
  const [times, filter = "", ...others] = args.filter((arg) => !arg.startsWith("-"));
  const unknown = [...flags.filter((flag) => !["--busy", "--each"].includes(flag)), ...others];
  if (unknown.length > 0 || times === undefined || !/^[1-9]\d*$/.test(times)) {
    throw new TypeError(`Cannot test again: usage is ${USAGE}, received ${args.join(" ")}`);
  }
  return {
    times: Number(times),
    busy: flags.includes("--busy"),
    each: flags.includes("--each"),
    filter,
  };
}
