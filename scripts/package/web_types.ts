/**
 * The web's types that the declarations use, for a compiler that has neither `DOM` nor `@types/node`
 * nor `ESNext.Disposable`.
 *
 * Interfaces of one name merge. A platform that has a class as a variable, as all but workerd's types
 * do, has its interface: ours then adds nothing. Otherwise what it adds are inherited members, which
 * those of a class come before, and need only be compatible with.
 *
 * @module
 */

import type { Manifest } from "./manifest.ts";

/** The file in the package. */
export const WEB_TYPES_FILE = "web_types.d.ts";

/** What stands in it. */
export const WEB_TYPES =
  `// The web's types, as far as these declarations name them; where the real ones are, they are meant.
type UnlessGlobal<Name extends string, Members> = Name extends keyof typeof globalThis ? {}
  : Members;

type Listener = ((event: Event) => unknown) | { handleEvent(event: Event): unknown };

interface EventMembers {
  readonly type: string;
  readonly defaultPrevented: boolean;
  preventDefault(): void;
  stopImmediatePropagation(): void;
}

interface CustomEventMembers<T> {
  readonly detail: T;
}

interface EventTargetMembers {
  addEventListener(
    type: string,
    listener: Listener,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: Listener,
    options?: boolean | { capture?: boolean },
  ): void;
  dispatchEvent(event: Event): boolean;
}

/** No platform has this as a variable, and each that has it has the same members. */
interface ListenerOptions {
  capture?: boolean;
  once?: boolean;
  passive?: boolean;
  signal?: AbortSignal;
}

/** As above. */
interface RequestOptions {
  method?: string;
}

interface AbortSignalMembers {
  readonly aborted: boolean;
  readonly reason: any;
  throwIfAborted(): void;
}

interface MessageHeaders {
  get(name: string): string | null;
}

interface URLMembers {
  readonly href: string;
  readonly origin: string;
}

interface RequestMembers {
  readonly method: string;
  readonly url: string;
  readonly headers: MessageHeaders;
  readonly signal: AbortSignal;
}

interface ResponseMembers {
  readonly status: number;
  readonly headers: MessageHeaders;
  text(): Promise<string>;
}

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
  interface Event extends UnlessGlobal<"Event", EventMembers> {}
  interface CustomEvent<T = any>
    extends Event, UnlessGlobal<"CustomEvent", CustomEventMembers<T>> {}
  interface EventTarget extends UnlessGlobal<"EventTarget", EventTargetMembers> {}
  interface AddEventListenerOptions extends ListenerOptions {}
  interface AbortSignal extends UnlessGlobal<"AbortSignal", EventTarget & AbortSignalMembers> {}
  interface URL extends UnlessGlobal<"URL", URLMembers> {}
  interface RequestInit extends RequestOptions {}
  interface Request extends UnlessGlobal<"Request", RequestMembers> {}
  interface Response extends UnlessGlobal<"Response", ResponseMembers> {}
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
