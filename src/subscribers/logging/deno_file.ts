import { NEWLINE } from "./line_output.ts";

/** How much Rust's standard output keeps of what it could not write, up to the end of a line. */
const MAX_KEPT_BYTES = 1_024;
const NOTHING = new Uint8Array();

/**
 * Writes to the standard output of Deno where it is a file, for `ByteOutput`. Of a disk that is full, Deno says that
 * a write has failed, and neither how much has gone out before nor what it keeps, and writes first the next time.
 * The size of the file tells.
 *
 * @param write the synchronous write of Deno's standard output
 * @param sizeOf how large the file is
 */
export function denoFile(
  write: (bytes: Uint8Array) => number,
  sizeOf: () => number,
): (bytes: Uint8Array, start: number, end: number) => number {
  // So many of the next bytes are Deno's already.
  let kept = 0;
  return (bytes, start, end) => {
    const piece = kept > 0 ? NOTHING : bytes.subarray(start, end);
    const length = kept || piece.length;
    const before = sizeOf();
    try {
      const count = write(piece);
      if (kept === 0) return count;
      kept = 0;
      return length;
    } catch (error) {
      const written = Math.min(sizeOf() - before, length);
      if (written <= 0) throw error;
      kept = kept > 0 ? kept - written : keptOf(piece.subarray(written));
      return written;
    }
  };
}

/** How much of the rest of some lines is kept: all of it, or whole lines, or a part of one. */
function keptOf(rest: Uint8Array): number {
  if (rest.length <= MAX_KEPT_BYTES) return rest.length;
  return rest.subarray(0, MAX_KEPT_BYTES).lastIndexOf(NEWLINE) + 1 || MAX_KEPT_BYTES;
}
