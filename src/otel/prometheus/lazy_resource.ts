import type { Resource } from "@opentelemetry/resources";

/** The option that says which instance it is now, for those who share one; see `LazyResource`. */
export const INSTANCE_ID = Symbol("instanceId");

/** Options that may say so. */
export interface WithInstanceId {
  /** `undefined`: the instance is the one that was said before. */
  readonly [INSTANCE_ID]?: (() => string | undefined) | undefined;
}

/**
 * A resource that is made when it is first read: one may be needed where a module is evaluated, and
 * there workerd refuses to make a random instance's name.
 */
export class LazyResource implements Resource {
  readonly #make: () => Resource;
  readonly #version: () => unknown;
  #made: Resource | undefined;
  #madeVersion: unknown;

  /**
   * @param make makes it
   * @param version says of which version it is now: it is made anew when that changes. Default: never
   */
  constructor(make: () => Resource, version: () => unknown = () => undefined) {
    this.#make = make;
    this.#version = version;
  }

  get asyncAttributesPending(): boolean {
    return this.#resource.asyncAttributesPending ?? false;
  }

  get attributes(): Resource["attributes"] {
    return this.#resource.attributes;
  }

  async waitForAsyncAttributes(): Promise<void> {
    await this.#resource.waitForAsyncAttributes?.();
  }

  merge(other: Resource | null): Resource {
    return this.#resource.merge(other);
  }

  getRawAttributes(): ReturnType<Resource["getRawAttributes"]> {
    return this.#resource.getRawAttributes();
  }

  get #resource(): Resource {
    const version = this.#version();
    if (this.#made === undefined || version !== this.#madeVersion) {
      this.#made = this.#make();
      this.#madeVersion = version;
    }
    return this.#made;
  }
}
