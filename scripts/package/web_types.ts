/**
 * The names of the web's types that the declarations use, for a compiler that has neither `DOM` nor
 * `@types/node` nor `ESNext.Disposable`. Interfaces of one name merge: where the real ones are, these
 * add nothing to them.
 *
 * @module
 */

import type { Manifest } from "./manifest.ts";

/** The file in the package. */
export const WEB_TYPES_FILE = "web_types.d.ts";

/** What stands in it. */
export const WEB_TYPES =
  `// The web's types, as far as these declarations name them; where the real ones are, they are meant.
declare global {
  interface SymbolConstructor {
    readonly dispose: unique symbol;
    readonly asyncDispose: unique symbol;
  }
  interface Disposable {
    [Symbol.dispose](): void;
  }
  interface AsyncDisposable {
    [Symbol.asyncDispose](): PromiseLike<void>;
  }
  interface AbortSignal {}
  interface AddEventListenerOptions {}
  interface Event {}
  interface CustomEvent<T = any> extends Event {
    readonly detail: T;
  }
  interface EventTarget {}
  interface Request {}
  interface Response {}
}
export {};
`;

/** Puts the file into an unpacked package, and has the entry points' declarations refer to it. */
export async function addWebTypes(directory: string, { exports }: Manifest): Promise<void> {
  await Deno.writeTextFile(directory + WEB_TYPES_FILE, WEB_TYPES);
  for (const { types } of Object.values(exports)) {
    const path = types.replace(/^\.\//, "");
    const up = "../".repeat(path.split("/").length - 1) || "./";
    const declarations = await Deno.readTextFile(directory + path);
    await Deno.writeTextFile(
      directory + path,
      `/// <reference path="${up}${WEB_TYPES_FILE}" />\n${declarations}`,
    );
  }
}
