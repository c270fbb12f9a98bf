import { TextLineStream } from "./text_lines.ts";

/** What a program found in a scrape. */
export interface Reading {
  readonly reader: string;
  /** Why it refused it. */
  readonly error?: string;
  readonly samples: readonly {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly value: string;
  }[];
  readonly families: Readonly<
    Record<string, { readonly type: string; readonly unit: string; readonly help: string }>
  >;
}

/** A program that reads scrapes. */
export class Reader implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: ReadableStreamDefaultReader<string>;

  /** Starts it. */
  constructor(program: string, args: readonly string[]) {
    this.#process = new Deno.Command(program, {
      args: [...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#writer = this.#process.stdin.getWriter();
    this.#lines = this.#process.stdout
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream())
      .getReader();
  }

  /** What its parsers find in the text, as a server sends it: half a character becomes U+FFFD. */
  async read(contentType: string, text: string): Promise<readonly Reading[]> {
    const line = `${JSON.stringify({ contentType, text: text.toWellFormed() })}\n`;
    const written = this.#writer.write(new TextEncoder().encode(line));
    const { value, done } = await this.#lines.read();
    await written;
    if (done) throw new Error("a reader ended early");
    return JSON.parse(value);
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close();
    await this.#process.status;
    await this.#lines.cancel();
  }
}
