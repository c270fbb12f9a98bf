import type { Resource } from "@opentelemetry/resources";

/**
 * A resource that is made when it is first read: one may be needed where a module is evaluated, and
 * there workerd refuses to make a random instance's name.
 */
export class LazyResource implements Resource {
  #make: (() => Resource) | undefined;
  #made: Resource | undefined;

  /** How to make it; called once. */
  constructor(make: () => Resource) {
    this.#make = make;
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
    if (this.#made === undefined) {
      this.#made = this.#make!();
      this.#make = undefined;
    }
    return this.#made;
  }
}
