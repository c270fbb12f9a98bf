import { readVariable } from "../../internal/read_variable.ts";
import { isTerminal } from "./standard_output.ts";

/**
 * Whether to write in colours to a terminal, as users have come to expect: `FORCE_COLOR` says that it is done
 * (`0` and `false`: that it is not), else `NO_COLOR`, if it is not empty, that it is not; else it is where
 * there is a terminal that is not dumb.
 */
export function hasColors(): boolean {
  const forced = readVariable("FORCE_COLOR");
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  const { Deno: deno } = globalThis as { Deno?: { readonly noColor?: boolean } };
  // Deno tells of NO_COLOR whatever may be read.
  if (deno?.noColor || readVariable("NO_COLOR")) return false;
  return readVariable("TERM") !== "dumb" && isTerminal();
}
