import { nextTurn } from "../internal/turns.ts";

/** How much is compressed in one turn of the event loop, in bytes: a millisecond or two. */
const CHUNK_BYTES = 64 * 1_024;

/**
 * Compresses a text, a chunk in each turn of the event loop: some runtimes compress on the spot,
 * and a megabyte at once would take tens of milliseconds.
 */
export async function gzip(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new TextEncoder().encode(text);
  const { readable, writable } = new CompressionStream("gzip");
  const compressed = new Response(readable).bytes();
  const writer = writable.getWriter();
  const written = (async () => {
    for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
      if (start > 0) await new Promise<void>(nextTurn);
      await writer.write(bytes.subarray(start, start + CHUNK_BYTES));
    }
    await writer.close();
  })();
  const [result] = await Promise.all([compressed, written]);
  return result;
}
